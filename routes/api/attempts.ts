import { z } from 'zod'
import { attemptSchema, batchSchema, batchStatus, presentAttempt, presentBatch } from '../../src/api/batches.ts'
import { pageParams, splitPage } from '../../src/api/input.ts'
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
      async handle({ query }) {
        const { filter, page } = splitPage(query)
        const { rows, next } = await store.listBatches(filter, page)
        return { data: rows.map(presentBatch), cursor: next }
      },
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
      async handle({ query }) {
        const { filter, page } = splitPage(query)
        const { batch, ...rest } = filter
        const { rows, next } = await store.listAttempts(
          { ...rest, ...(batch !== undefined && { batchId: batch }) },
          page,
        )
        return { data: rows.map(presentAttempt), cursor: next }
      },
    }),
  ]
}
