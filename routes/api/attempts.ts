import { z } from 'zod'
import { attemptSchema, batchSchema, batchStatus, presentAttempt, presentBatch } from '../../src/api/batches.ts'
import { pageParams, presentPage } from '../../src/api/input.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'

const batchQuery = z.strictObject({
  destination: z.string().optional(),
  status: batchStatus.optional(),
  ...pageParams,
})
const attemptQuery = z.strictObject({
  destination: z.string().optional(),
  batch: z.string().optional().describe('Id of the batch.'),
  ...pageParams,
})

/** Batches and their attempts: list. */
export function attempts({ store }: Relay): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/batches',
      name: 'listBatches',
      tag: 'batches',
      role: 'viewer',
      summary: 'Calls to the ingest API, newest first',
      query: batchQuery,
      answer: z.array(batchSchema),
      holdsNoContent: true,
      handle: ({ query }) => presentPage(query, store.listBatches, presentBatch),
    }),
    route({
      method: 'GET',
      path: '/api/v1/attempts',
      name: 'listAttempts',
      tag: 'batches',
      role: 'viewer',
      summary: 'Tries of such calls, newest first',
      query: attemptQuery,
      answer: z.array(attemptSchema),
      holdsNoContent: true,
      handle: ({ query: { batch: batchId, ...query } }) =>
        presentPage({ batchId, ...query }, store.listAttempts, presentAttempt),
    }),
  ]
}
