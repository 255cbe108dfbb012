import { createHmac, timingSafeEqual } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { OwnVerdict, OwnVerifier } from '../../src/domain/own-verifier.ts'
import { createCoverage } from '../../src/verify/coverage.ts'
import { createModuleVerifier, fixedProof } from '../../src/verify/module.ts'
import type { ModuleVerifyConfig } from '../../src/verify/schema.ts'
import { createSigner, createVerifier } from '../../src/verify/verifier.ts'
import { delivery } from './support.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const sign = (text: string) => createHmac('sha256', 'canary-secret').update(text).digest('hex')
const isSame = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const good: OwnVerifier = {
  headers: ['x-signature', 'x-time', 'x-id'],
  covers: { headers: ['x-time'], time: true },
  check({ headers, body, secrets, now }) {
    const time = headers['x-time'] ?? ''
    const isSigned = secrets.some((secret) => {
      const expected = createHmac('sha256', secret).update(`${time}|`).update(body).digest('hex')
      return isSame(headers['x-signature'] ?? '', expected)
    })
    if (!isSigned) return { proven: false, reason: 'the signature does not match' }
    if (Math.abs(now - Number(time)) > 300_000) return { proven: false, reason: 'too old' }
    return { proven: true, at: Number(time) }
  },
}
const configOf = (over: Partial<OwnVerifier>, kept: readonly string[] = []): ModuleVerifyConfig => ({
  scheme: 'module',
  verifier: { ...good, ...over },
  vars: { origin: 'https://example.com' },
  kept,
})
const headers = { 'x-signature': sign(`${nowMs}|body`), 'x-time': String(nowMs), 'x-id': '7', 'x-other': 'o' }
const verify = (over: Partial<OwnVerifier> = {}, given = delivery(headers, 'body'), limitMs?: number) =>
  createModuleVerifier(configOf(over), ['canary-secret'], limitMs).verify(given, nowMs)
const answer = (value: unknown): Partial<OwnVerifier> => ({ check: () => value as OwnVerdict })

test('a proof is what the function says, and covers what the module says', async () => {
  expect(await verify()).toMatchObject({ ok: true, proof: { headers: ['x-time'], at: nowMs } })
  expect(await verify({}, delivery(headers, 'bodY'))).toEqual({
    ok: false,
    reason: 'the signature does not match',
    isMismatch: true,
  })
  const later = { ...headers, 'x-time': String(nowMs - 300_001), 'x-signature': sign(`${nowMs - 300_001}|body`) }
  expect(await verify({}, delivery(later, 'body'))).toMatchObject({ ok: false, reason: 'too old' })
})

test('what it does to its vars is gone at the next webhook', () => {
  const seen: unknown[] = []
  const check: OwnVerifier['check'] = ({ vars }) => {
    seen.push(vars['origin'])
    ;(vars as Record<string, unknown>)['origin'] = 'changed'
    return { proven: false, reason: 'no' }
  }
  const verifier = createModuleVerifier(configOf({ check }), ['canary-secret'])
  for (let i = 0; i < 2; i++) verifier.verify(delivery(headers, 'body'), nowMs)
  expect(seen).toEqual(['https://example.com', 'https://example.com'])
})

test('it is shown the request, its secrets and vars, the time, and no header that it does not name', () => {
  let shown: unknown
  const check: OwnVerifier['check'] = (request) => {
    shown = request
    request.body.fill(0)
    return { proven: true, at: 1 }
  }
  const given = delivery(headers, 'body', { method: 'PUT', path: '/webhooks/s/x', query: 'a=1' })
  const verdict = verify({ check }, given)
  expect(shown).toMatchObject({ method: 'PUT', url: '/webhooks/s/x?a=1', secrets: ['canary-secret'], now: nowMs })
  expect(shown).toMatchObject({ vars: { origin: 'https://example.com' } })
  expect(Object.keys((shown as { headers: object }).headers)).toEqual(['x-signature', 'x-time', 'x-id'])
  expect(verdict).toMatchObject({ ok: true, delivery: { body: Buffer.from('body') } })
})

describe('fails closed', () => {
  test.each([[undefined], [null], [true], [1], ['ok'], [{}], [{ proven: 1 }], [{ proven: 'true', at: 1 }], [[]]])(
    'if it answers %j',
    async (value) => {
      expect(await verify(answer(value))).toMatchObject({ ok: false, reason: expect.stringContaining('neither') })
      expect(await verify(answer(Promise.resolve(value)))).toMatchObject({ ok: false })
    },
  )
  test('if it gives no time, though it covers one', async () => {
    for (const at of [undefined, '1', Number.NaN, Number.POSITIVE_INFINITY, 1e17]) {
      expect(await verify(answer({ proven: true, at }))).toMatchObject({
        ok: false,
        reason: expect.stringMatching(/`at`/),
      })
    }
  })
  test('if it throws, in words that hold no secret', async () => {
    const throwing = () => {
      throw new Error('bad key canary-secret\n at x')
    }
    const reason = 'verify of the mapper threw: bad key [secret] at x'
    expect(await verify({ check: throwing })).toEqual({ ok: false, reason, isMismatch: false })
    expect(await verify({ check: async () => throwing() })).toEqual({ ok: false, reason, isMismatch: false })
    expect(await verify(answer({ proven: false, reason: 'canary-secret' }))).toMatchObject({ reason: '[secret]' })
    expect(await verify(answer({ proven: false }))).toMatchObject({ ok: false, reason: 'the webhook is not proven' })
  })
  test('if it never ends', async () => {
    const check = () => new Promise<OwnVerdict>(() => {})
    expect(await verify({ check }, delivery(headers, 'body'), 1)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('longer than 1 ms'),
    })
  })
  test('without a secret, unless it says that it needs none', () => {
    expect(() => createVerifier(configOf({}), [])).toThrow(/needs a secret/)
    expect(createVerifier(configOf({ needsSecret: false }), []).scheme).toBe('module')
  })
})

test('a time that is not covered does not count, and a fixed token is believed in everything', async () => {
  expect(await verify({ covers: {}, ...answer({ proven: true, at: 5 }) })).toMatchObject({ ok: true, proof: {} })
  expect(await verify({ covers: 'everything', ...answer({ proven: true }) })).toMatchObject({ ok: true, proof: null })
})

test('the headers that it reads are not kept, but for those that are signed or that the mapper names', () => {
  expect(createVerifier(configOf({}), ['k']).proofHeaders).toEqual(['x-signature', 'x-id'])
  expect(createVerifier(configOf({}, ['x-id']), ['k']).proofHeaders).toEqual(['x-signature'])
})

test('a preview knows what it covers, but no time; and nobody but the CMS can sign', () => {
  const given = delivery({})
  expect(createCoverage(configOf({ covers: { url: true, time: true } }))(given, given.body)).toEqual({
    url: true,
    at: undefined,
  })
  expect(createCoverage(configOf({ covers: 'everything' }))(given, given.body)).toBeNull()
  expect(() => createSigner(configOf({}), ['k'])).toThrow(/only the CMS can sign/)
})

test.each([
  [{}, {}],
  [{ headers: [] }, {}],
  [{ headers: ['x-time'] }, { headers: ['x-time'] }],
  [{ url: true }, { url: true }],
  [{ url: false, time: false }, {}],
  [{ time: true }, { at: undefined }],
])('of what covers %o every proof covers %o', (covers, proof) => {
  expect(fixedProof(covers)).toStrictEqual(proof)
})
