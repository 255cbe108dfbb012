import { expect, test } from 'vitest'
import type { Answer } from '../../src/ingest/client/client.ts'
import { readOutcome } from '../../src/ingest/client/outcome.ts'
import { readEnvelope } from '../../src/ingest/wire.ts'
import fc, { character } from '../fast-check.ts'
import { nowMs } from '../ingest/support.ts'
import { numRuns, timeout } from './runs.ts'

const id = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor')
const status = fc.oneof(
  fc.constantFrom('accepted', 'skipped', 'deleted', 'failed', 'Accepted', 'queued', ''),
  fc.jsonValue(),
)
const number = fc.oneof(fc.nat(6), fc.constantFrom(-1, 1.5, 1e308, null, '3'), fc.jsonValue())
const error = fc.oneof(
  fc.record(
    {
      code: fc.oneof(
        fc.string(),
        fc.constantFrom('auth.x', 'auth.scope_violation', 'website.x', 'idempotency.in_progress'),
      ),
      message: fc.oneof(fc.string({ maxLength: 2_000 }), fc.jsonValue()),
      status: number,
      retryable: fc.oneof(fc.boolean(), fc.jsonValue()),
      requestId: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)
const result = fc.oneof(fc.record({ id, status, error }, { requiredKeys: [] }), fc.jsonValue())
const data = fc.oneof(
  fc.record(
    { accepted: number, skipped: number, failed: number, results: fc.oneof(fc.array(result), fc.jsonValue()) },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)
const envelope = fc.oneof(
  fc.record(
    { ok: fc.oneof(fc.constant(true), fc.boolean(), fc.jsonValue()), data, error, meta: fc.jsonValue() },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)
/** An envelope, most of the time; cut short, spoilt, or no JSON at all the rest of it. */
const text = fc.oneof(
  { weight: 6, arbitrary: envelope.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.tuple(envelope, fc.nat(60)).map(([value, cut]) => JSON.stringify(value).slice(0, -cut)) },
  { weight: 1, arbitrary: fc.string({ unit: character }) },
  { weight: 1, arbitrary: fc.nat(20_000).map((depth) => `{"ok":true,"data":${'['.repeat(depth)}`) },
)
const httpStatus = fc.oneof(
  fc.constantFrom(200, 200, 200, 202, 204, 400, 401, 409, 413, 429, 500),
  fc.integer({ min: 100, max: 999 }),
)

/** Whether an answer says of an item that it arrived: read by the letter of the contract, and nothing of ours. */
function saysDelivered(http: number, text: string, id: string, count: number, isSingle: boolean): boolean {
  if (http === 204) return true
  if (http < 200 || http > 299) return false
  const { ok, data } = JSON.parse(text) // an answer that is no JSON says nothing
  if (ok !== true) return false
  const { results = undefined, ...counts } = data ?? {}
  const named = (Array.isArray(results) ? results : []).filter(
    (one) => one?.id === id && typeof one.status === 'string',
  )
  if (named.length > 0) return named.some((one) => ['accepted', 'skipped', 'deleted'].includes(one.status))
  const of = (name: string) => (typeof counts[name] === 'number' ? Math.max(0, counts[name]) : 0)
  if (of('accepted') + of('skipped') >= count && of('failed') === 0) return true
  return isSingle && (results === undefined || results === null || data === null || typeof data !== 'object')
}

test('no answer makes the reader throw, and none delivers an item that it does not say is', { timeout }, () => {
  let delivered = 0
  fc.assert(
    fc.property(
      httpStatus,
      text,
      fc.uniqueArray(id, { minLength: 1 }),
      fc.constantFrom('upsert', 'delete'),
      fc.option(fc.integer({ min: 0, max: 2 * nowMs })),
      (http, text, ids, kind, date) => {
        const body = readEnvelope(text)
        const answer: Answer = {
          kind: 'answer',
          status: http,
          envelope: body,
          retryAfterMs: null,
          date,
          requestId: null,
          durationMs: 1,
        }
        const outcome = readOutcome(answer, ids, nowMs, kind)
        if (outcome.kind !== 'settled') {
          expect(outcome.reason.length).toBeGreaterThan(0)
          expect(outcome.reason).not.toMatch(/\p{Cc}/u)
          return
        }
        expect([...outcome.results.keys()]).toEqual(ids)
        for (const [id, { result }] of outcome.results) {
          if (result !== 'delivered') continue
          delivered += 1
          expect(saysDelivered(http, text, id, ids.length, kind === 'delete' || ids.length === 1), text).toBe(true)
        }
      },
    ),
    { numRuns },
  )
  expect(delivered).toBeGreaterThan(10)
})
