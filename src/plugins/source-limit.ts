import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RelayError } from '../domain/errors.ts'

/** Counts a webhook. Rejects with RelayError `rate_limited`; undefined where it may pass at once. */
export type SourceLimit = (request: FastifyRequest) => Promise<void> | undefined

/** So many webhooks at once are counted by one question. */
const blockSize = 64

/**
 * The rate limit of a source, exact to the webhook. To ask @fastify/rate-limit takes half as long as an HMAC, and who asks beside
 * others gets the count after all of them. So it is asked for a block of webhooks, one question at a time. The last block of a
 * window has what is left of the limit, and what is left of a block ends with the window. `window` is in milliseconds.
 */
export function createSourceLimit(
  app: FastifyInstance,
  source: string,
  { max, window }: { readonly max: number; readonly window: number },
): SourceLimit {
  const blocks = Math.ceil(max / blockSize)
  // A clock that was set back would keep a window open until it has caught up: counting starts anew.
  let setBacks = 0
  const ask = app.createRateLimit({ max: blocks, timeWindow: window, keyGenerator: () => `${source} ${setBacks}` })
  let left = 0
  let endsAt = 0 // of the window, by Date.now, as the plugin counts
  let asking: Promise<void> | null = null

  const isSetBack = () => Date.now() < endsAt - window

  function take(): boolean {
    if (left === 0 || isSetBack() || Date.now() >= endsAt) return false
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
    if (isSetBack()) setBacks += 1
    try {
      const answer = await ask(request)
      if (answer.isAllowed) throw new Error('no webhook is on a list of those that need not be counted')
      endsAt = Date.now() + answer.ttl
      if (answer.isExceeded) {
        const message = `more than ${max} webhooks of source '${source}' in its window`
        throw new RelayError('rate_limited', message, { retryAfterMs: answer.ttl })
      }
      left = answer.remaining > 0 ? blockSize : max - blockSize * (blocks - 1)
    } finally {
      asking = null
    }
  }

  return (request) => (take() ? undefined : takeFromNext(request))
}
