import { expect, onTestFinished, test } from 'vitest'
import { createAgain } from '../../src/store/sqlite/again.ts'
import { createClaims } from '../../src/store/sqlite/claims.ts'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { createEvents } from '../../src/store/sqlite/events.ts'
import { createFetches } from '../../src/store/sqlite/fetches.ts'
import { createInbox } from '../../src/store/sqlite/inbox.ts'
import { createLists } from '../../src/store/sqlite/lists.ts'
import { createMerge } from '../../src/store/sqlite/merge.ts'
import { createSettle } from '../../src/store/sqlite/settle.ts'
import { createUpkeep } from '../../src/store/sqlite/upkeep.ts'

// With a million rows a plan is what keeps a query quick, so the plans are tested and not the time.

/** Every statement that the engine prepares, at its start and for the lists that people ask for. */
function statements() {
  const database = openDatabase(':memory:')
  onTestFinished(() => database.db.close())
  const seen = new Set<string>()
  const db = new Proxy(database.db, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name).bind(target)
      return (sql: string) => {
        seen.add(sql)
        return target.prepare(sql)
      }
    },
  })
  const spied = { ...database, db }
  createEvents(spied, createInbox(spied))
  for (const create of [createMerge, createClaims, createSettle, createUpkeep, createFetches]) create(spied)
  const lists = createLists(spied)
  const cursor = Buffer.from('5.5').toString('base64url')
  for (const page of [{ limit: 10 }, { limit: 10, cursor }]) {
    for (const filter of [
      {},
      { source: 's' },
      { status: 'failed' },
      { status: 'pending', topic: 't' },
      { since: 1, until: 2 },
    ] as const) {
      lists.listEvents(filter, page)
    }
    for (const filter of [
      {},
      { destination: 'd' },
      { id: 'x' },
      { status: 'dead' },
      { status: 'delivered' },
      { since: 1, until: 2 },
    ] as const) {
      lists.listItems(filter, page)
    }
  }
  for (const page of [{ limit: 10 }, { limit: 10, cursor: Buffer.from('5').toString('base64url') }]) {
    for (const filter of [{}, { destination: 'd' }, { destination: 'd', status: 'open' }] as const) {
      lists.listBatches(filter, page)
    }
    for (const filter of [{}, { destination: 'd' }, { batchId: 'b' }, { itemSeq: 1 }]) lists.listAttempts(filter, page)
  }
  lists.getItems({ id: 'x' })
  const again = createAgain(spied)
  again.replayEvents({ status: 'failed' }, 10)
  again.chooseEvents('replay', { status: 'failed' }, 10)
  for (const filter of [{}, { source: 's' }, { status: 'failed' }, { since: 1 }] as const) {
    again.replayEvents({ ...filter, last: 10 }, 10)
    again.chooseEvents('replay', { ...filter, last: 10 }, 10)
  }
  again.purgeEvents({ status: 'failed' }, 10)
  again.purgeItems({}, 10)
  again.chooseItems('purge', { status: 'dead' }, 10, 1)
  return [...seen].map((sql) => {
    const explained = /^(savepoint|release|rollback)/.test(sql)
      ? []
      : database.db.prepare(`explain query plan ${sql}`).all()
    return { sql, plan: explained.map(({ detail }) => String(detail)) }
  })
}

// Tables with a handful of rows, and what is no table. All that waits for a fetch is looked through once, at a start.
const small =
  /^SCAN (event_position|inbox|event_fetches USING COVERING INDEX|event_claims|circuits|health|item_counts|c|json_each|CONSTANT ROW|pragma_|.* USING INDEX batches_live)/

test('only a list without a filter that has an index walks through a table, and in the order of its pages', () => {
  const walks = statements().flatMap(({ sql, plan }) =>
    plan.filter((detail) => detail.startsWith('SCAN') && !small.test(detail)).map((detail) => ({ detail, sql })),
  )
  const pages = /order by (received_at desc, seq desc|changed_at desc, seq desc|seq desc|a\.seq desc) limit/
  expect(walks.filter(({ sql }) => !pages.test(sql))).toEqual([])
  expect(
    walks.filter(({ sql }) => /where .*\b(status = '(?!processed)|destination = |\bid = |source = )/s.test(sql)),
  ).toEqual([])
})

test('no list and no claim sorts what it reads', () => {
  const sorted = statements().filter(
    ({ sql, plan }) =>
      sql.trimStart().startsWith('select') &&
      plan.some((detail) => detail.includes('TEMP B-TREE')) &&
      // The attempts of one item or batch, the items of one id, the destinations, and the last events that are asked for are few.
      !/item_seq = \?|\bid = \?|s\.batch_seq = \?|group by c\.destination|seq in \(select .* limit \?\) order by/.test(
        sql,
      ),
  )
  expect(sorted).toEqual([])
})
