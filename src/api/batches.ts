import { z } from 'zod'
import type { Attempt, BatchSummary } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'

export const batchStatus = z.enum(['claimed', 'open', 'done', 'split'])

export const batchSchema = z
  .strictObject({
    id: text,
    destination: text,
    kind: z.enum(['upsert', 'delete']),
    status: batchStatus,
    key: textOrNull.describe('Its `Idempotency-Key`; null until it is sealed.'),
    created_at: time,
    next_at: time.nullable().describe('When it is tried next.'),
    attempts: count.describe('Failed ones.'),
    item_count: count,
    bytes: count,
    error: textOrNull,
  })
  .meta({ id: 'Batch', description: 'The items of one logical call to the ingest API.' })

export function presentBatch(batch: BatchSummary): z.output<typeof batchSchema> {
  return {
    id: batch.id,
    destination: batch.destination,
    kind: batch.kind,
    status: batch.status,
    key: batch.key,
    created_at: timeOf(batch.createdAt),
    next_at: timeOrNull(batch.nextAt),
    attempts: batch.attempts,
    item_count: batch.itemCount,
    bytes: batch.bytes,
    error: batch.error,
  }
}

export const attemptSchema = z
  .strictObject({
    batch_id: text,
    key: textOrNull,
    destination: text,
    at: time,
    duration_ms: z.number(),
    status: z.int().nullable().describe('HTTP status; null if there was no answer.'),
    outcome: text,
    error: textOrNull,
    request_id: textOrNull.describe("The ingest API's."),
    item_count: count,
    id: text,
  })
  .meta({ id: 'Attempt', description: 'An execution: one HTTP try of a batch.' })

export function presentAttempt(attempt: Attempt): z.output<typeof attemptSchema> {
  return {
    batch_id: attempt.batchId,
    key: attempt.key,
    destination: attempt.destination,
    at: timeOf(attempt.at),
    duration_ms: attempt.durationMs,
    status: attempt.status,
    outcome: attempt.outcome,
    error: attempt.error,
    request_id: attempt.requestId,
    item_count: attempt.itemCount,
    id: attempt.id,
  }
}
