import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { closedCircuit } from '../../src/domain/circuit.ts'
import type { EventFilter, ItemFilter, MappedEvent } from '../../src/store/contract/store.ts'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { type Engine, openEngine } from '../../src/store/sqlite/engine.ts'
import { createPacker } from '../../src/store/sqlite/pack.ts'
import { lease, never, owner, start, tombstone, upsert, webhook } from './support.ts'

// With a million rows a plan is what keeps a query quick, so the plans are tested and not the time.

const after = [start, 5] as const
const cursor = (...key: readonly number[]) => Buffer.from(key.join('.')).toString('base64url')
const destination = 'main'
const to = { destination: 'other', hosts: ['shop.example'], sources: ['shop'] }

const eventFilters: readonly EventFilter[] = [
  {},
  { ids: ['evt_1'] },
  { source: 's' },
  { topic: 't' },
  { since: 1, until: 2 },
  ...(['pending', 'waiting', 'processed', 'skipped', 'failed'] as const).flatMap((status) => [
    { status },
    { status, source: 's' },
    { status, topic: 't', since: 1 },
  ]),
  { ids: ['evt_1'], source: 's', status: 'failed', topic: 't', since: 1, until: 2 },
]

const itemFilters: readonly ItemFilter[] = [
  {},
  { seqs: [1] },
  { id: 'x' },
  { id: 'x', type: 'product', destination },
  { destination },
  { source: 's' },
  { type: 'product' },
  { held: true },
  { held: true, destination },
  { held: false, destination },
  { since: 1, until: 2 },
  ...(['pending', 'delivered', 'dead'] as const).flatMap((status) => [
    { status },
    { status, destination },
    { status, destination, source: 's', since: 1 },
    { status, held: true },
  ]),
  { seqs: [1], destination, source: 's', type: 'product', status: 'dead', held: false, since: 1, until: 2 },
]

/** Every method of the engine, called with every shape of a filter: a new method has to be put here. */
const calls: { readonly [Name in keyof Engine]: (engine: Engine) => void } = {
  acceptAll: (engine) => accept(engine, 2),
  spread: (engine) => void engine.spread(10),
  claimEvents: (engine) => void claimed(engine),
  settleEvents(engine) {
    const fetch = { at: start, durationMs: 1, method: 'GET', url: '/x', status: 200, outcome: 'found', error: null }
    const outcomes: readonly MappedEvent['outcome'][] = [
      { status: 'processed' },
      { status: 'skipped', reason: 'r' },
      { status: 'failed', error: 'e' },
      { status: 'waiting', dueAt: start, attempts: 1, error: 'e' },
    ]
    accept(engine, outcomes.length)
    const events = claimed(engine).map(({ seq }, index): MappedEvent => {
      const outcome = outcomes[index % outcomes.length]!
      const changes = [upsert(`p${index}`, 'A'), tombstone(`p${index}`)]
      return { seq, mapper: 'm', mapperVersion: 'v', outcome, changes, fetches: [fetch] }
    })
    engine.settleEvents(owner, events, start)
  },
  claimWaiting: (engine) =>
    void engine.claimWaiting({ owner, source: 'shop', at: start + 1, leaseUntil: start + lease }),
  nextFetchAt: (engine) => void engine.nextFetchAt('shop'),
  pickForeign: (engine) => void engine.pickForeign([], 10),
  releaseWaiting: (engine) => void engine.releaseWaiting([1]),
  claimItems: (engine) => void claimItems(engine),
  sealBatch: (engine) => void sealed(engine),
  claimBatch(engine) {
    const { id } = sealed(engine)
    engine.settleBatch(owner, id, { kind: 'retry', nextAt: start, error: 'e' }, start)
    engine.claimBatch({ owner, destination, at: start, leaseUntil: start + lease })
  },
  settleBatch(engine) {
    const { id, items } = sealed(engine)
    const [first, ...others] = items.map(({ seq }) => seq)
    const parts = [[first!], others].map((seqs) => ({
      id: randomUUID(),
      key: randomUUID(),
      body: Buffer.from('[]'),
      items: seqs,
    }))
    engine.settleBatch(owner, id, { kind: 'split', error: 'e', parts }, start)
    for (const part of parts) {
      engine.claimBatch({ owner, destination, at: start, leaseUntil: start + lease })
      const results = part.items.map((seq) => ({ seq, result: 'delivered' }) as const)
      engine.settleBatch(owner, part.id, { kind: 'done', items: results }, start)
    }
  },
  recordAttempt(engine) {
    const { id: batchId } = sealed(engine)
    const attempt = { batchId, destination, at: start, durationMs: 1, status: 200, outcome: 'delivered' }
    engine.recordAttempt({ ...attempt, error: null, requestId: null, itemCount: 1 })
  },
  recover(engine) {
    engine.recover({ at: start, all: true, latest: start })
    engine.recover({ at: start, all: false })
  },
  newestTime: (engine) => void engine.newestTime(),
  nextDueAt: (engine) => void engine.nextDueAt(destination),
  circuitsSince: (engine) => void engine.circuitsSince(0),
  lease: (engine) => void engine.lease('prune', 'relay', 1, start),
  changeCircuit: (engine) => void engine.changeCircuit(destination, 0, closedCircuit(start)),
  readRhythms: (engine) => void engine.readRhythms(),
  writeRhythms: (engine) => engine.writeRhythms(new Map()),
  pickEvents(engine) {
    for (const filter of eventFilters) {
      for (const range of [
        { limit: 10, after: null },
        { limit: 10, after },
      ]) {
        engine.pickEvents('replay', filter, range)
        engine.pickEvents('purge', filter, range)
      }
      engine.pickEvents('replay', { ...filter, last: 10 }, { limit: 10, after: null })
    }
  },
  pickItems(engine) {
    for (const purpose of ['redeliver', 'reset', 'purge', 'give up', 'move'] as const) {
      for (const filter of itemFilters) {
        engine.pickItems(purpose, filter, start, { limit: 10, after: null })
        engine.pickItems(purpose, filter, start, { limit: 10, after })
      }
    }
  },
  chooseEvents(engine) {
    for (const filter of eventFilters) {
      engine.chooseEvents('replay', filter, 10)
      engine.chooseEvents('purge', filter, 10)
    }
  },
  chooseItems(engine) {
    for (const purpose of ['redeliver', 'reset', 'purge', 'give up'] as const) {
      for (const filter of itemFilters) engine.chooseItems(purpose, filter, 10, start)
    }
  },
  replayEvents: (engine) => eachEvents((chosen) => engine.replayEvents(chosen)),
  purgeEvents: (engine) => eachEvents((chosen) => engine.purgeEvents(chosen)),
  redeliverItems: (engine) => eachItems((chosen) => engine.redeliverItems(chosen, start)),
  resetItems: (engine) => eachItems((chosen) => engine.resetItems(chosen, start)),
  purgeItems: (engine) => eachItems((chosen) => engine.purgeItems(chosen)),
  giveUpItems: (engine) => eachItems((chosen) => engine.giveUpItems(chosen)),
  judgeMoves: (engine) => eachItems((chosen) => engine.judgeMoves(chosen, to)),
  resendItems: (engine) => eachItems((chosen) => engine.resendItems(chosen, { ...to, destination }, start)),
  moveItems: (engine) => eachItems((chosen) => engine.moveItems(chosen, to, start)),
  removeItem: (engine) => engine.removeItem({ destination, type: 'product', id: 'p1', hold: true }, start),
  releaseItem: (engine) => void engine.releaseItem({ destination, type: 'product', id: 'p1' }, start),
  abandonBatches(engine) {
    sealed(engine)
    engine.abandonBatches(destination, never)
  },
  readTargets: (engine) => void engine.readTargets(),
  writeTarget: (engine) =>
    engine.writeTarget(destination, { website_id: 'w', site_domain: 's', base_url: 'b', connector_type: 'c' }),
  listOtherSources: (engine) => void engine.listOtherSources([]),
  groupEventErrors: (engine) => eventFilters.forEach((filter) => void engine.groupEventErrors(filter, 10)),
  groupItemErrors: (engine) => itemFilters.forEach((filter) => void engine.groupItemErrors(filter, 10)),
  addTurnedAway(engine) {
    const refused = { source: 's', code: 'c', reason: 'r' }
    const refusals = [{ ...refused, count: 1, firstAt: start, lastAt: start }]
    const counts = [{ source: 's', at: start, duplicate: 1, refused: 1 }]
    engine.addTurnedAway({ refusals, counts, last: [{ ...refused, at: start, address: null }] })
  },
  listRefusals: (engine) => void engine.listRefusals('s'),
  readWaiting: (engine) => void engine.readWaiting(),
  writeWaiting: (engine) => engine.writeWaiting([{ source: 's', destination: '', pending: 1, oldest: start }], start),
  readStatsSeries(engine) {
    for (const groupBy of ['source', 'destination'] as const) {
      engine.readStatsSeries({ since: start, until: start + 1, step: '1h', groupBy })
    }
  },
  groupRefusals: (engine) =>
    [{}, { source: 's' }, { since: 1, until: 2 }].forEach((filter) => void engine.groupRefusals(filter, 10)),
  listEvents(engine) {
    for (const filter of eventFilters) {
      engine.listEvents(filter, { limit: 10 })
      engine.listEvents(filter, { limit: 10, cursor: cursor(start, 5) })
    }
  },
  getEvent: (engine) => void engine.getEvent('evt_1'),
  listItems(engine) {
    for (const filter of itemFilters) {
      engine.listItems(filter, { limit: 10 })
      engine.listItems(filter, { limit: 10, cursor: cursor(start, 5) })
    }
  },
  getItems(engine) {
    engine.getItems({ id: 'p1' })
    engine.getItems({ id: 'p1', type: 'product', destination })
  },
  listBatches(engine) {
    for (const status of [undefined, 'claimed', 'open', 'done', 'split'] as const) {
      for (const filter of [{ ...(status && { status }) }, { ...(status && { status }), destination }]) {
        engine.listBatches(filter, { limit: 10 })
        engine.listBatches(filter, { limit: 10, cursor: cursor(5) })
      }
    }
  },
  listAttempts(engine) {
    for (const filter of [{}, { destination }, { batchId: 'b' }, { itemSeq: 1 }]) {
      engine.listAttempts(filter, { limit: 10 })
      engine.listAttempts(filter, { limit: 10, cursor: cursor(5) })
    }
  },
  readStats: (engine) => void engine.readStats(),
  pickOld: (engine) => void engine.pickOld({ events: start, attempts: start }, 10),
  prune: (engine) => void engine.prune({ events: [1], batches: [1] }, { events: start, attempts: start }),
  shrink: (engine) => void engine.shrink(),
  checkHealth: (engine) => engine.checkHealth(),
  checkFiles: (engine) => void engine.checkFiles(),
  close() {}, // at the end of the test
}

const pack = createPacker()

function accept(engine: Engine, count: number): void {
  engine.acceptAll(pack(Array.from({ length: count }, () => webhook({ deliveryId: randomUUID() }))))
}

function claimed(engine: Engine) {
  return engine.claimEvents({ owner, at: start, leaseUntil: start + lease, limit: 10 })
}

/** Two items that are due, in a batch. */
function claimItems(engine: Engine) {
  accept(engine, 1)
  const [event] = claimed(engine)
  const changes = ['a', 'b'].map((id) => upsert(id, randomUUID()))
  const outcome = { status: 'processed' } as const
  engine.settleEvents(owner, [{ seq: event!.seq, mapper: 'm', mapperVersion: 'v', outcome, changes }], start)
  const claim = { owner, destination, at: start, leaseUntil: start + lease, maxItems: 2, maxBytes: 1_000 }
  return engine.claimItems({ ...claim, batchId: randomUUID() }) ?? { batchId: '', items: [] }
}

function sealed(engine: Engine) {
  engine.recover({ at: start, all: true })
  engine.abandonBatches(destination, never)
  const { batchId: id, items } = claimItems(engine)
  expect(engine.sealBatch(owner, { id, key: randomUUID(), body: Buffer.from('[]') })).toBe(true)
  return { id, items }
}

function eachEvents(work: (chosen: EventFilter & { ids: readonly string[] }) => unknown): void {
  for (const filter of eventFilters) work({ ...filter, ids: ['evt_999'] })
}

function eachItems(work: (chosen: ItemFilter & { seqs: readonly number[] }) => unknown): void {
  for (const filter of itemFilters) work({ ...filter, seqs: [999] })
}

interface Planned {
  readonly sql: string
  readonly plan: readonly string[]
}

const database = openDatabase(':memory:')
afterAll(() => void database.close())

function planned(statement: string): Planned {
  const sql = statement.replace(/\s+/g, ' ').trim()
  if (/^(savepoint|release|rollback)/.test(sql)) return { sql, plan: [] }
  const steps = database.db.prepare(`explain query plan ${statement}`).all()
  return { sql, plan: steps.map(({ detail }) => String(detail)) }
}

/** Every statement that the engine has prepared once all its methods were called. */
function statements(): readonly Planned[] {
  const seen = new Set<string>()
  const engine = openEngine(':memory:', { onPrepare: (sql) => seen.add(sql) })
  for (const name of Object.keys(engine) as (keyof Engine)[]) calls[name](engine)
  engine.close()
  return [...seen].map(planned)
}

/** Statements with such a step in their plan, unless there is a reason for it. */
function findings(step: RegExp, reasons: readonly RegExp[], plans: readonly Planned[]): readonly Planned[] {
  return plans.flatMap(({ sql, plan }) => {
    const found = plan.filter((detail) => step.test(detail))
    return found.length > 0 && !reasons.some((one) => one.test(sql)) ? [{ sql, plan: found }] : []
  })
}

// Not tables with a handful of rows, what is no table, or the few items that operators hold.
const walk =
  /^SCAN (?!event_position|inbox|event_claims|circuit|rhythms|destination_targets|refusals|health|item_counts|c |c$|json_each|CONSTANT ROW|\d+-ROW VALUES|pragma_|items USING INDEX items_held|.* USING INDEX batches_live)/
// What waits is counted once a minute, and numbers are read for people: on the reader.
const numbers = /from rollups\b|as pending, min\(/
const mayWalk = [
  numbers,
  // A page, in the order of an index, from where the one before has ended.
  /order by (received_at desc, seq desc|changed_at desc, seq desc|seq desc|a\.seq desc|received_at, seq|changed_at, seq) limit \?$/,
  // A dry run counts all that match, and people ask for errors of what has none: on the reader, where nobody waits for it.
  /^select count\(\*\) as matching from/,
  /status = 'processed' .*error is not null group by/,
  // The last rows of a table.
  /from events order by seq desc limit 100/,
]

const sort = /TEMP B-TREE/
const maySort = [
  numbers,
  // Rows that are named, of one id, of one item or of one batch.
  /seq in \(select value from json_each\(\?\)\)/,
  /(where|and) id = \?/,
  /item_seq = \?|\.batch_seq = \?/,
  // As many as were asked for.
  /seq in \(select seq from events .* limit \?\) order by/,
  // Groups, which are few.
  /error is not null group by|from refusals|group by c\.destination/,
]

const plans = statements()

test('no statement walks through a table, but pages in the order of an index', () => {
  expect(findings(walk, mayWalk, plans)).toEqual([])
})

test('what an index has is looked up there, not walked to', () => {
  const indexed = /\b(where|and) (status = '(?!processed)|destination = |id = |source = )/
  const walks = findings(/^SCAN (items|events)(?! USING INDEX items_held)/, [numbers, ...mayWalk.slice(2)], plans)
  // Items have no index by source, for few ask for them.
  expect(walks.filter(({ sql }) => indexed.test(sql) && !/from items where source = \?/.test(sql))).toEqual([])
})

test('rows that are named are looked up by their numbers, whatever else is asked of them', () => {
  const named = plans.filter(({ sql }) => /(items|events).* where seq in \(select value from json_each/.test(sql))
  expect(named.length).toBeGreaterThan(100)
  const byNumber = /^SEARCH (items|events) USING INTEGER PRIMARY KEY/
  const others = named.filter(({ plan }) => !plan.some((step) => byNumber.test(step)))
  expect(others).toEqual([])
})

test('no statement sorts what it reads, but what is few', () => {
  expect(findings(sort, maySort, plans)).toEqual([])
})

test('what once held up receiving is found', () => {
  const old = "select seq from items where destination = ? and kind = 'upsert' order by seq limit ?"
  expect(findings(sort, maySort, [planned(old)])).toHaveLength(1)
  const walking = "update items set status = 'pending' where kind = 'upsert'"
  expect(findings(walk, mayWalk, [planned(walking)])).toHaveLength(1)
})

test('the plans of all statements are seen', () => {
  expect(plans.length).toBeGreaterThan(500)
})
