import { z } from 'zod'
import type { Attempt, BatchSummary } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'
import { fieldsOf } from './resource.ts'

export const batchStatus = z.enum(['claimed', 'open', 'done', 'split'])

const batch = fieldsOf<BatchSummary>()({
  id: [text, ({ id }) => id],
  destination: [text, ({ destination }) => destination],
  kind: [z.enum(['upsert', 'delete']), ({ kind }) => kind],
  status: [batchStatus, ({ status }) => status],
  key: [textOrNull.describe('Its `Idempotency-Key`; null until it is sealed.'), ({ key }) => key],
  created_at: [time, ({ createdAt }) => timeOf(createdAt)],
  next_at: [time.nullable().describe('When it is tried next.'), ({ nextAt }) => timeOrNull(nextAt)],
  attempts: [count.describe('Failed ones.'), ({ attempts }) => attempts],
  item_count: [count, ({ itemCount }) => itemCount],
  bytes: [count, ({ bytes }) => bytes],
  error: [textOrNull, ({ error }) => error],
})
export const presentBatch = batch.present
export const batchSchema = z
  .strictObject(batch.shape)
  .meta({ id: 'Batch', description: 'The items of one logical call to the ingest API.' })

const attempt = fieldsOf<Attempt>()({
  batch_id: [text, ({ batchId }) => batchId],
  key: [textOrNull, ({ key }) => key],
  destination: [text, ({ destination }) => destination],
  at: [time, ({ at }) => timeOf(at)],
  duration_ms: [z.number(), ({ durationMs }) => durationMs],
  status: [z.int().nullable().describe('HTTP status; null if there was no answer.'), ({ status }) => status],
  outcome: [text, ({ outcome }) => outcome],
  error: [textOrNull, ({ error }) => error],
  request_id: [textOrNull.describe("The ingest API's."), ({ requestId }) => requestId],
  item_count: [count, ({ itemCount }) => itemCount],
  id: [text, ({ id }) => id],
})
export const presentAttempt = attempt.present
export const attemptSchema = z
  .strictObject(attempt.shape)
  .meta({ id: 'Attempt', description: 'An execution: one HTTP try of a batch.' })
