import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyRequest } from 'fastify'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { RelayError } from '../../src/domain/errors.ts'
import { createSourceLimit } from '../../src/plugins/source-limit.ts'
import fc from '../fast-check.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const window = 1_000

async function createLimit(max: number) {
  const app = fastify()
  onTestFinished(() => app.close())
  await app.register(rateLimit, { global: false })
  return { app, limit: createSourceLimit(app, 'shop', { max, window }) }
}

/** Lets so many pass the limit at once, and tells how many did. */
async function start(max: number): Promise<(count: number) => Promise<number>> {
  const { app, limit } = await createLimit(max)
  const request = await new Promise<FastifyRequest>((resolve) => {
    app.get('/', async (one) => resolve(one))
    void app.inject('/')
  })
  return async (count) => {
    const settled = await Promise.allSettled(Array.from({ length: count }, () => limit(request)))
    return settled.filter(({ status }) => status === 'fulfilled').length
  }
}

test('as many webhooks pass in a window as the limit says, not one more or less, however many come at once', async () => {
  const wave = fc.record({
    count: fc.integer({ min: 0, max: 150 }),
    wait: fc.constantFrom(0, 1, 400, 999, 1_000, 1_700),
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.array(wave, { maxLength: 12 }), async (max, waves) => {
      const pass = await start(max)
      let startedAt = Number.NEGATIVE_INFINITY
      let passed = 0
      for (const { count, wait } of waves) {
        if (count > 0 && Date.now() >= startedAt + window) {
          startedAt = Date.now()
          passed = 0
        }
        const wanted = Math.min(count, max - passed)
        expect(await pass(count)).toBe(wanted)
        passed += wanted
        vi.setSystemTime(Date.now() + wait)
      }
    }),
  )
})

test('who is refused is told how long the window lasts, and after that webhooks pass again', async () => {
  const { app, limit } = await createLimit(2)
  app.get('/', async (request) => {
    await limit(request)
    return 'passed'
  })
  app.setErrorHandler<RelayError>(({ code, retryAfterMs }, _request, reply) => reply.send({ code, retryAfterMs }))
  const ask = async () => (await app.inject('/')).body
  expect([await ask(), await ask()]).toEqual(['passed', 'passed'])
  vi.setSystemTime(Date.now() + 300)
  expect(JSON.parse(await ask())).toEqual({ code: 'rate_limited', retryAfterMs: 700 })
  vi.setSystemTime(Date.now() + 700)
  expect(await ask()).toBe('passed')
})

test('a clock that was set back closes no window: counting starts anew', async () => {
  const pass = await start(100)
  expect(await pass(150)).toBe(100)
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await pass(150)).toBe(100)
  vi.setSystemTime(Date.now() + window)
  expect(await pass(30)).toBe(30)
  vi.setSystemTime(Date.now() - 10)
  expect(await pass(150)).toBe(100)
})
