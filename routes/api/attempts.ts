import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { pageParams, presentPage, readInput, splitPage } from '../../src/api/present.ts'

const batchQuery = z.strictObject({
  destination: z.string().optional(),
  status: z.enum(['claimed', 'open', 'done', 'split']).optional(),
  ...pageParams,
})
const attemptQuery = z.strictObject({
  destination: z.string().optional(),
  batch: z.string().optional(),
  ...pageParams,
})

/** Batches and their attempts: list. */
export async function attempts(app: FastifyInstance): Promise<void> {
  const { store } = app.relay

  app.get('/batches', { config: { holdsNoContent: true } }, async (request) => {
    const { filter, page } = splitPage(readInput(batchQuery, request.query, 'query'))
    return presentPage(await store.listBatches(filter, page), request)
  })

  app.get('/attempts', { config: { holdsNoContent: true } }, async (request) => {
    const { filter, page } = splitPage(readInput(attemptQuery, request.query, 'query'))
    const { batch, ...rest } = filter
    return presentPage(
      await store.listAttempts({ ...rest, ...(batch !== undefined && { batchId: batch }) }, page),
      request,
    )
  })
}
