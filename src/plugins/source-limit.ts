import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RelayError } from '../domain/errors.ts'

/** Counts a webhook. Rejects with RelayError `rate_limited`; undefined where it may pass at once. */
export type SourceLimit = (request: FastifyRequest) => Promise<void> | undefined

const largestBlock = 64

/**
 * The rate limit of a source, exact to the webhook. To ask @fastify/rate-limit takes about as long as an HMAC, and who asks beside
 * others gets the count after all of them. So it is asked for a block of webhooks, one question at a time. Blocks divide the
 * limit, and what is left of one ends with the window. `window` is in milliseconds.
 */
export function createSourceLimit(
  app: FastifyInstance,
  source: string,
  { max, window }: { readonly max: number; readonly window: number },
): SourceLimit {
  const block = blockOf(max)
  const ask = app.createRateLimit({ max: max / block, timeWindow: window, keyGenerator: () => source })
  let left = 0
  let endsAt = 0 // by Date.now, as the plugin counts
  let asking: Promise<void> | null = null

  function take(): boolean {
    if (left === 0 || Date.now() >= endsAt) return false
    left -= 1
    return true
  }

  async function takeFromNext(request: FastifyRequest): Promise<void> {
    while (!take()) {
      asking ??= askForBlock(request)
      await asking
    }
  }

  async function askForBlock(request: FastifyRequest): Promise<void> {
    try {
      const answer = await ask(request)
      if (answer.isAllowed) throw new Error('no webhook is on a list of those that need not be counted')
      if (answer.isExceeded) {
        const message = `more than ${max} webhooks of source '${source}' in its window`
        throw new RelayError('rate_limited', message, { retryAfterMs: answer.ttl })
      }
      left = block
      endsAt = Date.now() + answer.ttl
    } finally {
      asking = null
    }
  }

  return (request) => (take() ? undefined : takeFromNext(request))
}

/** The largest number up to 64 that divides it. */
function blockOf(max: number): number {
  let block = Math.min(max, largestBlock)
  while (max % block !== 0) block -= 1
  return block
}
