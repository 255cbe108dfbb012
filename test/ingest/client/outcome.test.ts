import { describe, expect, test } from 'vitest'
import type { Answer } from '../../../src/ingest/client/client.ts'
import { type Outcome, readOutcome } from '../../../src/ingest/client/outcome.ts'
import { readEnvelope } from '../../../src/ingest/wire.ts'
import fc from '../../fast-check.ts'
import { nowMs } from '../support.ts'

function answer(status: number, body?: unknown, more: Partial<Extract<Answer, { kind: 'answer' }>> = {}): Answer {
  const envelope = body === undefined ? null : readEnvelope(JSON.stringify(body))
  return { kind: 'answer', status, envelope, retryAfterMs: null, date: nowMs, requestId: null, durationMs: 1, ...more }
}

const problem = (error: object) => ({ ok: false, error })
const taken = (data: object) => ({ ok: true, data })

function read(given: Answer, ids: readonly string[] = ['a', 'b']): Outcome {
  return readOutcome(given, ids, nowMs)
}

/** Per id: `delivered`, `retry`, `retry?` (uncertain), `dead`. */
function results(outcome: Outcome): Record<string, string> {
  if (outcome.kind !== 'settled') return { outcome: outcome.kind }
  return Object.fromEntries(
    [...outcome.results].map(([id, item]) => {
      if (item.result === 'delivered') return [id, 'delivered']
      return [id, item.retryable ? (item.uncertain ? 'retry?' : 'retry') : 'dead']
    }),
  )
}

describe('a call that was taken', () => {
  test('settles each item by its own status', () => {
    const data = {
      accepted: 1,
      skipped: 1,
      failed: 2,
      results: [
        { id: 'a', status: 'accepted' },
        { id: 'b', status: 'skipped' },
        { id: 'c', status: 'failed', error: { code: 'validation.failed', message: 'no url', retryable: false } },
        { id: 'd', status: 'failed', error: { code: 'index.busy', message: 'later', retryable: true } },
      ],
    }
    const outcome = read(answer(200, taken(data)), ['a', 'b', 'c', 'd'])
    expect(results(outcome)).toEqual({ a: 'delivered', b: 'delivered', c: 'dead', d: 'retry' })
    expect(outcome.kind === 'settled' && outcome.results.get('c')).toMatchObject({ error: 'validation.failed: no url' })
  })

  test.each([
    ['no error', undefined, 'dead'],
    ['an error that says nothing', { code: 'x' }, 'dead'],
    ['a status of a bad item', { code: 'x', status: 422 }, 'dead'],
    ['a status of a busy server', { code: 'x', status: 503 }, 'retry'],
    ['a status of a rate limit', { code: 'x', status: 429 }, 'retry'],
  ])('takes a failed item with %s at its word', (_name, error, expected) => {
    expect(results(read(answer(200, taken({ results: [{ id: 'a', status: 'failed', error }] })), ['a']))).toEqual({
      a: expected,
    })
  })

  test.each([
    [
      'all counted',
      { accepted: 1, skipped: 1, failed: 0, results: [{ id: 'a', status: 'accepted' }] },
      ['delivered', 'delivered'],
    ],
    [
      'one failed',
      { accepted: 1, skipped: 0, failed: 1, results: [{ id: 'a', status: 'accepted' }] },
      ['delivered', 'retry?'],
    ],
    ['too few', { accepted: 1, results: [{ id: 'a', status: 'accepted' }] }, ['delivered', 'retry?']],
    ['no counts', { results: [{ id: 'a', status: 'accepted' }] }, ['delivered', 'retry?']],
    ['counts alone', { accepted: 2 }, ['delivered', 'delivered']],
    ['counts and a failure', { accepted: 2, failed: 1 }, ['retry?', 'retry?']],
    ['nothing at all', {}, ['retry?', 'retry?']],
    ['results of the wrong kind', { results: { a: 'accepted' } }, ['retry?', 'retry?']],
    ['results of others', { accepted: 0, results: [{ id: 'z', status: 'accepted' }] }, ['retry?', 'retry?']],
    ['an unknown status', { accepted: 2, results: [{ id: 'a', status: 'queued' }] }, ['retry?', 'delivered']],
    [
      'a failure named twice',
      {
        results: [
          { id: 'a', status: 'failed' },
          { id: 'a', status: 'accepted' },
          { id: 'b', status: 'skipped' },
        ],
      },
      ['dead', 'delivered'],
    ],
  ])('with %s says what is known of each', (_name, data, [a, b]) => {
    expect(results(read(answer(200, taken(data))))).toEqual({ a, b })
  })

  test('of one item or of a delete needs no results', () => {
    expect(results(read(answer(200, { ok: true }), ['a']))).toEqual({ a: 'delivered' })
    expect(results(read(answer(201, taken({ item: 'a' })), ['a']))).toEqual({ a: 'delivered' })
    expect(results(read(answer(200, taken({ failed: 1 })), ['a']))).toEqual({ a: 'retry?' })
    expect(results(readOutcome(answer(200, taken({ deleted: 2 })), ['a', 'b'], nowMs, 'delete'))).toEqual({
      a: 'delivered',
      b: 'delivered',
    })
  })

  test('with 204 is delivered', () => {
    expect(results(read(answer(204)))).toEqual({ a: 'delivered', b: 'delivered' })
  })
})

describe('a call that was refused', () => {
  test.each<[string, number, object | undefined, Outcome['kind']]>([
    ['200 without an envelope', 200, undefined, 'retry'],
    ['202 without an envelope', 202, undefined, 'retry'],
    ['301', 301, undefined, 'retry'],
    ['307', 307, undefined, 'retry'],
    ['200, retryable', 200, problem({ code: 'x', retryable: true }), 'retry'],
    ['200, not retryable', 200, problem({ code: 'x', retryable: false }), 'rejected'],
    ['200 that says 401', 200, problem({ code: 'x', status: 401 }), 'unauthorized'],
    ['200 that says 413', 200, problem({ code: 'x', status: 413 }), 'split'],
    ['200 that says 422', 200, problem({ code: 'x', status: 422 }), 'rejected'],
    ['200 that says 503', 200, problem({ code: 'x', status: 503 }), 'retry'],
    ['200 with an auth code', 200, problem({ code: 'auth.scope_violation', retryable: false }), 'unauthorized'],
    ['200 that says nothing', 200, problem({}), 'retry'],
    ['400 of something else', 400, undefined, 'retry'],
    ['400 of an API that knows no codes', 400, problem({ message: 'no' }), 'retry'],
    ['400 of a gateway', 400, { message: 'forbidden' }, 'retry'],
    ['400 with a code', 400, problem({ code: 'validation.failed', retryable: false }), 'rejected'],
    ['400, retryable', 400, problem({ code: 'x', retryable: true }), 'retry'],
    ['400 with an auth code', 400, problem({ code: 'auth.invalid_timestamp', retryable: false }), 'unauthorized'],
    ['400 that claims ok', 400, taken({ accepted: 2 }), 'retry'],
    ['401', 401, problem({ code: 'auth.invalid_token' }), 'unauthorized'],
    ['401 of something else', 401, undefined, 'retry'],
    ['403 of something else', 403, undefined, 'retry'],
    ['401, retryable', 401, problem({ code: 'auth.busy', retryable: true }), 'retry'],
    ['403', 403, problem({ code: 'auth.scope_violation', status: 403, retryable: false }), 'unauthorized'],
    ['404 of the API', 404, problem({ code: 'x', retryable: false }), 'rejected'],
    ['404 of something else', 404, undefined, 'retry'],
    ['405 of something else', 405, undefined, 'retry'],
    ['website.not_found', 404, problem({ code: 'website.not_found', retryable: false }), 'unauthorized'],
    ['website.not_verified', 409, problem({ code: 'website.not_verified', retryable: false }), 'unauthorized'],
    ['website.not_verified, retryable', 409, problem({ code: 'website.not_verified', retryable: true }), 'retry'],
    ['408', 408, undefined, 'retry'],
    ['408, not retryable', 408, problem({ retryable: false }), 'retry'],
    ['409', 409, problem({ code: 'x' }), 'conflict'],
    ['409 of something else', 409, undefined, 'retry'],
    ['409 for the key', 409, problem({ code: 'idempotency.key_reused', retryable: false }), 'conflict'],
    ['409 while under way', 409, problem({ code: 'idempotency.in_progress', retryable: false }), 'retry'],
    ['413', 413, undefined, 'split'],
    ['413, retryable', 413, problem({ retryable: true }), 'split'],
    ['422', 422, problem({ code: 'x' }), 'rejected'],
    ['425', 425, undefined, 'retry'],
    ['429', 429, undefined, 'retry'],
    ['429, not retryable', 429, problem({ code: 'x', retryable: false }), 'retry'],
    ['500', 500, undefined, 'retry'],
    ['500, not retryable', 500, problem({ code: 'x', retryable: false }), 'rejected'],
    ['500 that claims ok', 500, taken({ accepted: 2 }), 'retry'],
    ['503', 503, problem({ code: 'x', retryable: true }), 'retry'],
    ['503 with an auth code', 503, problem({ code: 'auth.unavailable' }), 'retry'],
    ['999', 999, undefined, 'retry'],
  ])('%s', (_name, status, body, kind) => {
    expect(read(answer(status, body)).kind).toBe(kind)
  })

  test('waits as long as the server asked', () => {
    expect(read(answer(503, undefined, { retryAfterMs: 7_000 }))).toEqual({
      kind: 'retry',
      cause: 'failed',
      reason: 'status 503: not an answer of the ingest API',
      afterMs: 7_000,
    })
    expect(read(answer(429, problem({ code: 'rate.limited' }), { retryAfterMs: 0 }))).toMatchObject({ afterMs: 0 })
    expect(read(answer(429))).not.toHaveProperty('afterMs')
  })

  test('says why, on one line and bounded', () => {
    const outcome = read(
      answer(400, problem({ code: 'validation.failed', message: `bad\n\u0000${'x'.repeat(5_000)}` })),
    )
    expect(outcome).toMatchObject({ reason: expect.stringMatching(/^status 400: validation\.failed: bad x+$/) })
    expect('reason' in outcome && outcome.reason.length).toBeLessThan(500)
  })
})

describe('an answer of somebody else', () => {
  test.each<[number, string]>([
    [200, 'failed'],
    [302, 'failed'],
    [400, 'foreign'],
    [401, 'foreign'],
    [403, 'foreign'],
    [404, 'no_route'],
    [405, 'no_route'],
    [408, 'failed'],
    [409, 'foreign'],
    [422, 'foreign'],
    [429, 'rate_limit'],
    [451, 'foreign'],
    [502, 'failed'],
  ])('with %i is tried again, and blames nobody', (status, cause) => {
    expect(read(answer(status))).toMatchObject({ kind: 'retry', cause })
    expect(read(answer(status, problem({ message: 'an error without a code' })))).toMatchObject({ cause })
  })

  test('says what its page says, on one line', () => {
    const outcome = read(answer(403, undefined, { excerpt: 'Access\u001b[31m denied\n' }))
    expect(outcome).toMatchObject({ reason: 'status 403: not an answer of the ingest API: "Access [31m denied "' })
  })

  test('that says nothing about the clock corrects none', () => {
    expect(read(answer(401, undefined, { date: nowMs + 400_000 }))).not.toHaveProperty('skewMs')
  })
})

describe('the clock', () => {
  const refused = (status: number, date: number | null, retryable?: boolean) =>
    read(answer(status, problem({ code: 'auth.timestamp', retryable }), { date }))

  test('is measured where a refusal may be due to it', () => {
    expect(refused(401, nowMs + 400_000)).toMatchObject({ kind: 'unauthorized', skewMs: 400_000 })
    expect(refused(403, nowMs - 400_000)).toMatchObject({ kind: 'unauthorized', skewMs: -400_000 })
    expect(refused(400, nowMs - 400_000)).toMatchObject({ kind: 'unauthorized', skewMs: -400_000 })
    expect(refused(401, nowMs + 400_000, true)).toMatchObject({ kind: 'unauthorized', skewMs: 400_000 })
  })

  test('is measured against the time that the call was signed with', () => {
    const signedWith = (skewMs: number, date: number) =>
      readOutcome(answer(401, problem({ code: 'auth.timestamp' }), { date }), ['post:1'], nowMs, 'upsert', skewMs)
    expect(signedWith(600_000, nowMs)).toMatchObject({ kind: 'unauthorized', skewMs: 0 })
    expect(signedWith(600_000, nowMs + 590_000)).not.toHaveProperty('skewMs')
  })

  test('is left alone where it is nearly right or not told', () => {
    expect(refused(401, nowMs + 60_000)).not.toHaveProperty('skewMs')
    expect(refused(401, null)).not.toHaveProperty('skewMs')
    expect(read(answer(500, undefined, { date: 0 })).kind).toBe('retry')
  })
})

test('no answer is tried again', () => {
  const given: Answer = { kind: 'no_answer', reason: 'reset', message: 'other side closed', durationMs: 3 }
  expect(read(given)).toEqual({ kind: 'retry', cause: 'failed', reason: 'reset: other side closed' })
})

test('no answer says its step once', () => {
  const message = 'connect ECONNREFUSED 127.0.0.1:8081'
  const given: Answer = { kind: 'no_answer', reason: 'connect', message, durationMs: 3 }
  expect(read(given)).toEqual({ kind: 'retry', cause: 'unreached', reason: message })
})

describe('any answer', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const error = fc.record(
    {
      code: fc.oneof(fc.string(), fc.constantFrom('auth.x', 'website.not_verified', 'idempotency.key_reused')),
      message: fc.string(),
      status: fc.oneof(fc.integer(), fc.constantFrom(401, 409, 413, 429, 500)),
      retryable: fc.oneof(fc.boolean(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const result = fc.record(
    { id, status: fc.constantFrom('accepted', 'skipped', 'failed', 'queued'), error },
    { requiredKeys: ['id', 'status'] },
  )
  const data = fc.record(
    {
      accepted: fc.integer(),
      skipped: fc.nat(5),
      failed: fc.nat(2),
      results: fc.oneof(fc.array(result), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.record({ ok: fc.constant(true), data }),
    fc.record({ ok: fc.constant(false), error }),
    fc.jsonValue(),
  )
  const status = fc.oneof(
    fc.integer({ min: 100, max: 999 }),
    fc.constantFrom(200, 204, 400, 401, 404, 409, 413, 429, 500),
  )
  const date = fc.option(fc.integer({ min: 0, max: 2 * nowMs }))
  const ids = fc.uniqueArray(id, { minLength: 1 })

  test('has an outcome, and a settled one names each id and no other', () => {
    fc.assert(
      fc.property(status, body, date, ids, fc.constantFrom('upsert', 'delete'), (status, body, date, ids, kind) => {
        const outcome = readOutcome(answer(status, body, { date }), ids, nowMs, kind)
        if (outcome.kind === 'settled') {
          expect([...outcome.results.keys()]).toEqual(ids)
        } else {
          expect(outcome.reason).toBeTruthy()
          expect(outcome.reason.length).toBeLessThan(500)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('delivers nothing unless the server said ok', () => {
    fc.assert(
      fc.property(status, body, ids, (status, body, ids) => {
        const ok = typeof body === 'object' && body !== null && 'ok' in body && body.ok === true
        const outcome = read(answer(status, body), ids)
        expect(outcome.kind !== 'settled' || status === 204 || (ok && status >= 200 && status < 300)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('never delivers an item that it calls failed', () => {
    fc.assert(
      fc.property(fc.array(result), ids, fc.nat(5), (list, ids, accepted) => {
        const outcome = read(answer(200, taken({ accepted, results: list })), ids)
        for (const { id, status } of list) {
          if (status === 'failed' && ids.includes(id)) expect(results(outcome)[id]).not.toBe('delivered')
        }
      }),
    )
  })
})
