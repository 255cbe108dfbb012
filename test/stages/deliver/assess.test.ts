import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../../../src/ingest/client/client.ts'
import type { Outcome, RetryCause } from '../../../src/ingest/client/outcome.ts'
import { batchBody, itemBody } from '../../../src/ingest/wire.ts'
import { type Assessment, assess, isInDoubt, type Memory, noMemory } from '../../../src/stages/deliver/assess.ts'
import type { SealedBatch } from '../../../src/store/contract/delivering.ts'

const at = 1_700_000_000_000
const minute = 60_000
const hour = 60 * minute

function batchOf(types: readonly string[], given: Partial<SealedBatch> = {}): SealedBatch {
  const tried = { ms: 0, at: null }
  const items = types.map((type, index) => {
    const id = `${type}:${index}`
    const body = JSON.stringify({ external_id: id })
    return {
      seq: index,
      type,
      id,
      revision: 1,
      body,
      attempts: 0,
      receivedAt: at,
      pendingSince: at,
      tried,
      source: 'shop',
      eventSeq: 1,
    }
  })
  const texts = items.map(({ body }) => body)
  const body = texts.length === 1 ? itemBody('w', texts[0]!) : batchBody('w', texts)
  return {
    id: 'b1',
    destination: 'd',
    kind: 'upsert',
    key: 'k',
    body,
    attempts: 0,
    tried,
    createdAt: at,
    items,
    ...given,
  }
}

const destination = {
  backoff: { baseMs: 1_000, capMs: 10 * minute },
  maxAgeMs: 72 * hour,
  timeoutMs: 10_000,
  credentials: 'c',
}

type NoAnswer = Extract<Answer, { kind: 'no_answer' }>
const noAnswer = (reason: NoAnswer['reason']): Answer => ({ kind: 'no_answer', reason, message: 'm', durationMs: 10 })
const quick = noAnswer('reset')

function assessed(
  outcome: Outcome,
  batch: SealedBatch,
  memory: Partial<Memory> = {},
  { isWell = false, now = at, maxItems = 500, answer = quick, reachableSince = 0 } = {},
): Assessment {
  const about = { destination, at: now, reachableSince, maxItems, random: () => 0.5, newId: randomUUID }
  return assess({ answer, outcome, isWell }, batch, { ...noMemory, ...memory }, about)
}

const retry = (cause: RetryCause, afterMs?: number): Outcome => {
  return { kind: 'retry', cause, reason: 'r', ...(afterMs !== undefined && { afterMs }) }
}
const settled = (batch: SealedBatch): Outcome => {
  return { kind: 'settled', results: new Map(batch.items.map(({ id }) => [id, { result: 'delivered' }])) }
}
const outOfScope: Outcome = { kind: 'unauthorized', reason: 'r', isScope: true }
const untaken = (times: number, more: object = {}) => {
  return new Map([['b1', { times, isAtFault: false, refusedSince: null, ...more }]])
}

const one = batchOf(['post'])
const ten = batchOf(Array<string>(10).fill('post'))

describe('an answer by itself', () => {
  test.each<[string, Outcome, SealedBatch, string, object | null]>([
    ['settled', settled(one), one, 'done', { kind: 'answered' }],
    ['failed', retry('failed', 5), ten, 'retry', { kind: 'failed', reason: 'r', afterMs: 5, isWell: false }],
    ['a rate limit', retry('rate_limit'), ten, 'retry', null],
    ['a wrong token', { kind: 'unauthorized', reason: 'r' }, ten, 'retry', { kind: 'unauthorized', reason: 'r', credentials: 'c' }], // biome-ignore format: a table
    ['a clock that is off', { kind: 'unauthorized', reason: 'r', skewMs: 9 }, ten, 'retry', null],
    ['too large', { kind: 'split', reason: 'r' }, ten, 'split', { kind: 'answered' }],
    ['refused', { kind: 'rejected', reason: 'r' }, ten, 'split', { kind: 'answered' }],
    ['refused alone', { kind: 'rejected', reason: 'r' }, one, 'done', { kind: 'answered' }],
    ['a key that is taken', { kind: 'conflict', reason: 'r' }, ten, 'split', { kind: 'answered' }],
  ])('%s', (_what, outcome, batch, settlement, circuitEvent) => {
    const assessment = assessed(outcome, batch)
    expect([assessment.settlement.kind, assessment.circuitEvent]).toEqual([settlement, circuitEvent])
    expect(assessment.outcome).toBe(outcome)
  })

  test('tells how far the clock is off, and how long to pause, at most as long as a backoff', () => {
    const clockOf = (outcome: Outcome) => assessed(outcome, ten).clock
    expect(clockOf({ kind: 'unauthorized', reason: 'r', skewMs: -5 })).toEqual({ skewMs: -5, pauseMs: null })
    expect(clockOf(retry('rate_limit', 7))).toEqual({ skewMs: null, pauseMs: 7 })
    expect(clockOf(retry('rate_limit', hour))).toEqual({ skewMs: null, pauseMs: 10 * minute })
    expect(clockOf(retry('rate_limit'))).toEqual({ skewMs: null, pauseMs: null })
    expect(clockOf(retry('failed', 7))).toEqual({ skewMs: null, pauseMs: null })
  })
})

describe('whether a heartbeat is asked for', () => {
  test.each<[string, Outcome, number, boolean, boolean]>([
    ['after the fourth failure', retry('failed'), 3, false, false],
    ['after the fifth', retry('failed'), 4, false, true],
    ['after the fifth refusal by somebody in between', retry('foreign'), 4, false, true],
    ['after the first that probes an open circuit', retry('failed'), 0, true, true],
    ['after a rate limit', retry('rate_limit'), 9, true, false],
    ['if it was not reached', retry('unreached'), 9, true, false],
    ['after a refusal', { kind: 'rejected', reason: 'r' }, 9, true, false],
  ])('%s', (_when, outcome, before, isProbe, expected) => {
    expect(isInDoubt(outcome, ten, { ...noMemory, untaken: untaken(before) }, isProbe)).toBe(expected)
  })
})

describe('a batch that is not taken while the destination is well', () => {
  const fifth = (batch: SealedBatch, cause: RetryCause, memory: Partial<Memory> = {}, more = {}) =>
    assessed(retry(cause), batch, { untaken: untaken(4), ...memory }, { isWell: true, ...more })

  test('is taken apart into smaller ones, at most as large as calls are now', () => {
    const { outcome, settlement, circuitEvent, memory } = fifth(ten, 'failed', {}, { maxItems: 1 })
    expect(outcome).toMatchObject({ kind: 'stuck', size: 1 })
    expect(settlement).toMatchObject({ kind: 'split', uncertain: true })
    expect(circuitEvent).toMatchObject({ kind: 'failed', isWell: true, isOfBatch: true })
    expect(memory).toMatchObject({ untaken: new Map(), hasTakenSome: false })
    expect(memory.newestParts.size).toBe(10)
    expect(fifth(ten, 'failed').outcome).toMatchObject({ kind: 'stuck', size: 2 })
  })

  test('is left whole if another was taken apart last, and nothing has been taken since', () => {
    const memory = { hasTakenSome: false, newestParts: new Set(['other']) }
    expect(fifth(ten, 'failed', memory).settlement.kind).toBe('retry')
    expect(fifth(ten, 'failed', { ...memory, newestParts: new Set(['b1']) }).settlement.kind).toBe('split')
    const taken = assessed(settled(one), { ...one, id: 'b2' }, memory).memory
    expect(fifth(ten, 'failed', { ...taken, untaken: untaken(4) }).settlement.kind).toBe('split')
  })

  test('waits by itself if it is one item, and dies if somebody in between has refused it for an hour', () => {
    expect(fifth(one, 'failed').settlement.kind).toBe('retry')
    const first = fifth(one, 'foreign')
    expect([first.settlement.kind, first.memory.untaken.get('b1')]).toEqual([
      'retry',
      { times: 5, isAtFault: true, refusedSince: at },
    ])
    const later = (now: number, reachableSince = 0) =>
      assessed(retry('foreign'), one, first.memory, { isWell: true, now, reachableSince }).settlement
    expect(later(at + hour - 1).kind).toBe('retry')
    expect(later(at + hour)).toMatchObject({ kind: 'done', items: [{ result: 'dead' }] })
    expect(later(at + hour, at + minute).kind).toBe('retry')
    expect(later(at - 1).kind).toBe('retry')
  })

  test('says nothing of how much the destination can take, from the next answer on', () => {
    const slow = noAnswer('timeout')
    const load = (isAtFault: boolean) =>
      assessed(retry('failed'), one, { untaken: untaken(5, { isAtFault }) }, { answer: slow, isWell: true }).load
    expect([load(false), load(true)]).toEqual(['too slow', null])
  })
})

describe('a batch that is not taken', () => {
  test('is left whole while the destination is down, however often', () => {
    const { settlement, circuitEvent, memory } = assessed(retry('failed'), ten, { untaken: untaken(20) })
    expect([settlement.kind, circuitEvent?.kind]).toEqual(['retry', 'failed'])
    expect(memory.untaken.get('b1')).toEqual({ times: 21, isAtFault: false, refusedSince: null })
  })

  test.each<[string, Outcome, number | undefined]>([
    ['a rate limit is no such time', retry('rate_limit'), 3],
    ['a call that was not reached ends the row', retry('unreached'), undefined],
    ['so does whatever ends the batch', settled(ten), undefined],
  ])('%s', (_what, outcome, times) => {
    const { memory } = assessed(outcome, ten, { untaken: untaken(3) })
    expect(memory.untaken.get('b1')?.times).toBe(times)
  })
})

describe('a call outside of the scope of the token', () => {
  const [post, page, both] = [batchOf(['post']), batchOf(['page']), batchOf(['post', 'page'])]
  const accepted = { acceptedTypes: new Set(['post']) }

  test.each<[string, SealedBatch, Partial<Memory>, string, readonly string[]]>([
    ['waits while nothing has been accepted: it may be the website', page, {}, 'unauthorized', []],
    ['is refused for its type once another has been accepted', page, accepted, 'rejected', ['post']],
    ['is taken apart if it has several types', both, {}, 'rejected', []],
    ['with a type that was accepted is that of another scope', post, accepted, 'unauthorized', []],
  ])('%s', (_what, batch, before, outcome, types) => {
    const assessment = assessed(outOfScope, batch, before)
    expect(assessment.outcome.kind).toBe(outcome)
    expect([...assessment.memory.acceptedTypes]).toEqual(types)
  })

  test('is judged by the types that were accepted before', () => {
    const { memory } = assessed(settled(both), both, accepted)
    expect([...memory.acceptedTypes]).toEqual(['post', 'page'])
  })
})
