import { describe, expect, test } from 'vitest'
import {
  authFailuresToDisable,
  type Circuit,
  type CircuitEvent,
  callsAllowed,
  closedCircuit,
  failuresToOpen,
  hasNewCredentials,
  nextCircuit,
} from '../../src/domain/circuit.ts'
import { dueAtOf } from '../../src/domain/debounce.ts'
import { canonicalJson, checksumOf } from '../../src/domain/ingest-item.ts'
import { isStale, type KnownItem } from '../../src/domain/item-order.ts'
import { isDelivered } from '../../src/domain/item-state.ts'
import { backoffMs, readRetryAfter, retryDelayMs } from '../../src/domain/retry.ts'
import { readVersion } from '../../src/domain/version.ts'
import fc from '../fast-check.ts'

describe('backoff', () => {
  const backoff = { baseMs: 1000, capMs: 600_000 }
  const zeroToOne = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('has full jitter below a ceiling that doubles up to the cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), zeroToOne, (attempts, random) => {
        const ceiling = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempts - 1, 60))
        const wait = backoffMs(attempts, backoff, () => random)
        expect(wait).toBeGreaterThanOrEqual(1)
        expect(wait).toBeLessThanOrEqual(ceiling)
        expect(Math.abs(wait - random * ceiling)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('is never shorter for a Retry-After, and never longer than the cap', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(10 ** 9), zeroToOne, (attempts, after, random) => {
        const delay = retryDelayMs(attempts, after, backoff, () => random)
        expect(delay).toBeGreaterThanOrEqual(Math.min(after, backoff.capMs))
        expect(delay).toBeLessThanOrEqual(backoff.capMs)
        expect(delay).toBeGreaterThanOrEqual(backoffMs(attempts, backoff, () => random))
      }),
    )
  })

  test('Retry-After is read as seconds and as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(readRetryAfter('120', now)).toBe(120_000)
    expect(readRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
    expect(readRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    for (const none of [undefined, null, '', '-1', '1.5', 'soon', '2026-01-01', '99999999999'])
      expect(readRetryAfter(none, now)).toBeNull()
    fc.assert(fc.property(fc.string(), (text) => (readRetryAfter(text, now) ?? 0) >= 0))
  })
})

describe('debounce', () => {
  test('an item is due after its last change, at latest max wait after its first, and never in the past', () => {
    fc.assert(
      fc.property(
        fc.nat(10 ** 6),
        fc.nat(10 ** 6),
        fc.nat(10 ** 5),
        fc.nat(10 ** 5),
        (first, gap, debounceMs, maxWaitMs) => {
          const changeAt = first + gap
          const due = dueAtOf(first, changeAt, { debounceMs, maxWaitMs })
          expect(due).toBeGreaterThanOrEqual(changeAt)
          expect(due).toBeLessThanOrEqual(changeAt + debounceMs)
          expect(due).toBeLessThanOrEqual(Math.max(changeAt, first + maxWaitMs))
        },
      ),
    )
  })
})

describe('promise 3: latest wins', () => {
  const known = (over: Partial<KnownItem> = {}): KnownItem => ({
    kind: 'upsert',
    checksum: 'c',
    version: readVersion(5),
    isCounted: false,
    bareTombstone: false,
    eventSeq: 10,
    asOf: null,
    ...over,
  })
  const change = (version: number | null, eventSeq: number, kind: 'upsert' | 'delete' = 'upsert') => ({
    kind,
    version: readVersion(version),
    eventSeq,
  })

  test('by version, then by arrival', () => {
    expect(isStale(known(), change(4, 11))).toBe(true)
    expect(isStale(known(), change(6, 9))).toBe(false)
    expect(isStale(known(), change(5, 11))).toBe(false)
    expect(isStale(known(), change(5, 9))).toBe(true)
    expect(isStale(known(), change(null, 11))).toBe(false)
    expect(isStale(known(), change(null, 9))).toBe(true)
  })

  test('a bare tombstone yields only to a newer version, or to an event mapped again', () => {
    const tombstone = known({ kind: 'delete', checksum: null, bareTombstone: true })
    expect(isStale(tombstone, change(5, 11))).toBe(true)
    expect(isStale(tombstone, change(6, 11))).toBe(false)
    expect(isStale(tombstone, change(6, 9))).toBe(true)
    expect(isStale(tombstone, change(null, 11))).toBe(false)
    expect(isStale(tombstone, change(5, 11, 'delete'))).toBe(false)
    expect(isStale(tombstone, change(5, 10))).toBe(false)
  })

  test('in any order of arrival the newest version stands at the end', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 1 }), (versions) => {
        let state: KnownItem | null = null
        for (const [index, version] of versions.entries()) {
          const incoming = change(version, index + 1)
          if (state && isStale(state, incoming)) continue
          state = known({ version: incoming.version, eventSeq: incoming.eventSeq })
        }
        expect(state?.version).toBe(readVersion(Math.max(...versions)))
      }),
    )
  })

  test('promise 6: delivered is what has the same checksum, or a tombstone for a tombstone', () => {
    expect(isDelivered({ kind: 'upsert', checksum: 'a' }, { kind: 'upsert', checksum: 'a' })).toBe(true)
    expect(isDelivered({ kind: 'upsert', checksum: 'a' }, { kind: 'upsert', checksum: 'b' })).toBe(false)
    expect(isDelivered({ kind: 'upsert', checksum: 'a' }, { kind: 'unknown', checksum: null })).toBe(false)
    expect(isDelivered({ kind: 'upsert', checksum: 'a' }, { kind: null, checksum: null })).toBe(false)
    expect(isDelivered({ kind: 'delete', checksum: null }, { kind: 'delete', checksum: null })).toBe(true)
    expect(isDelivered({ kind: 'delete', checksum: null }, { kind: 'upsert', checksum: 'a' })).toBe(false)
  })
})

describe('the circuit', () => {
  const run = (events: readonly CircuitEvent[], at = 0) =>
    events.reduce((circuit, event) => nextCircuit(circuit, event, at), closedCircuit(0))
  const failed: CircuitEvent = { kind: 'failed', reason: 'down' }
  const unauthorized: CircuitEvent = { kind: 'unauthorized', reason: 'no', credentials: 'a' }
  const answered: CircuitEvent = { kind: 'answered' }

  test('opens after failures in a row, lets one probe through, and an answer closes it', () => {
    const open = run(Array(failuresToOpen).fill(failed), 1000)
    expect(open).toMatchObject({ state: 'open', reason: 'down' })
    expect(callsAllowed(open, 8, 1000)).toBe(0)
    expect(callsAllowed(open, 8, open.retryAt)).toBe(1)
    const hour = 3_600_000
    expect(run(Array(failuresToOpen).fill({ ...failed, afterMs: hour }), 1000).retryAt).toBe(61_000) // its own cap
    const again = nextCircuit(open, failed, open.retryAt)
    expect(again.retryAt - open.retryAt).toBeGreaterThan(open.retryAt - 1000)
    expect(nextCircuit(again, answered, again.retryAt)).toMatchObject({ state: 'closed', failures: 0 })
    expect(run([...Array(failuresToOpen - 1).fill(failed), answered, failed]).state).toBe('closed')
  })

  test('is disabled by authentication failures in a row until someone enables it', () => {
    const disabled = run(Array(authFailuresToDisable).fill(unauthorized))
    expect(disabled.state).toBe('disabled')
    expect(callsAllowed(disabled, 8, Number.MAX_SAFE_INTEGER)).toBe(0)
    for (const event of [answered, failed, unauthorized]) expect(nextCircuit(disabled, event, 1)).toBe(disabled)
    expect(nextCircuit(disabled, { kind: 'enable' }, 1).state).toBe('closed')
    expect(run([unauthorized, unauthorized, answered, unauthorized, unauthorized]).state).toBe('closed')
    expect(run([unauthorized, unauthorized, failed, unauthorized, unauthorized]).state).toBe('closed')
    expect(callsAllowed(run([unauthorized]), 8, 0)).toBe(1)
  })

  test('remembers the credentials for which it was disabled, and forgets them where an operator disables it', () => {
    const disabled = run(Array(authFailuresToDisable).fill(unauthorized))
    expect(hasNewCredentials(disabled, 'a')).toBe(false)
    expect(hasNewCredentials(disabled, 'b')).toBe(true)
    const refused: CircuitEvent = { kind: 'refused', reason: 'no again', credentials: 'b' }
    const still = nextCircuit(disabled, refused, 1)
    expect(still).toMatchObject({ state: 'disabled', reason: 'no again' })
    expect(hasNewCredentials(still, 'b')).toBe(false)
    const byOperator = nextCircuit(disabled, { kind: 'disable', reason: 'maintenance' }, 1)
    expect(hasNewCredentials(nextCircuit(byOperator, refused, 2), 'c')).toBe(false)
    const open = run(Array(failuresToOpen).fill(failed))
    expect(nextCircuit(open, refused, 1)).toBe(open)
    expect(hasNewCredentials(open, 'b')).toBe(false)
  })

  test('never allows more than the limit, and recovers from any history', () => {
    const event = fc.constantFrom<CircuitEvent>(failed, unauthorized, answered, { kind: 'disable', reason: 'x' })
    fc.assert(
      fc.property(fc.array(event), fc.integer({ min: 1, max: 64 }), (events, limit) => {
        const circuit = run(events)
        expect(callsAllowed(circuit, limit, 0)).toBeLessThanOrEqual(limit)
        expect(callsAllowed(nextCircuit(circuit, { kind: 'enable' }, 0), limit, 0)).toBe(limit)
      }),
    )
  })
})

describe('the checksum', () => {
  test('is that of the ingest contract: sorted keys at every depth, absent as null, no white space', () => {
    // sha256 of {"html":null,"json":{"a":[1,{"x":null,"y":2}],"b":"é"},"text":"t","type":"post","url":"https://example.com/"}
    const item = { type: 'post', url: 'https://example.com/', text: 't', json: { b: 'é', a: [1, { y: 2, x: null }] } }
    expect(checksumOf(item)).toBe('sha256:53c26bf790adb7687609aeadc239a2fd5b6c7c388051750b19cb31b26262e823')
  })

  test('does not depend on the order of keys, and does on every value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (json) => {
        const reversed = Object.fromEntries(Object.entries(json).reverse())
        expect(checksumOf({ type: 'post', url: 'u', json })).toBe(
          checksumOf({ type: 'post', url: 'u', json: reversed }),
        )
        expect(checksumOf({ type: 'post', url: 'u', json: { ...json, extra: 1 } })).not.toBe(
          checksumOf({ type: 'post', url: 'u', json }),
        )
      }),
    )
  })

  test('canonical JSON is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

test('a circuit opens with the fifth failure in a row, and is disabled with the third authentication failure', () => {
  const after = (count: number, event: CircuitEvent) => {
    return Array.from({ length: count }).reduce<Circuit>((circuit) => nextCircuit(circuit, event, 1), closedCircuit(0))
  }
  const failed = { kind: 'failed', reason: 'status 500' } as const
  const unauthorized = { kind: 'unauthorized', reason: 'status 401', credentials: 'c' } as const
  expect([4, 5].map((count) => after(count, failed).state)).toEqual(['closed', 'open'])
  expect([2, 3].map((count) => after(count, unauthorized).state)).toEqual(['closed', 'disabled'])
})
