import { describe, expect, test } from 'vitest'
import type { Moved, MoveTo } from '../../../src/store/contract/store.ts'
import { createBatchQueries } from '../../../src/store/shared/batch-queries.ts'
import { createChanges } from '../../../src/store/shared/changes.ts'
import { createChoices } from '../../../src/store/shared/choose.ts'
import { createErrorGroups } from '../../../src/store/shared/error-groups.ts'
import { createEventQueries } from '../../../src/store/shared/event-queries.ts'
import { createItemQueries } from '../../../src/store/shared/item-queries.ts'
import { judgeMove, type KnownThere, type MovingItem } from '../../../src/store/shared/moves.ts'
import { type Dialect, plain, queryOf, sql } from '../../../src/store/shared/sql.ts'
import { version } from '../support.ts'

/** Another engine than SQLite: its values are numbered, and a list is one of them. */
const numbered: Dialect = {
  parameter: (n) => `$${n}`,
  among: (column, numbers) => sql`${plain(column)} = any(${numbers})`,
  byKey: (table) => table,
}

const inOneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

describe('a statement', () => {
  test('is put together from pieces, and its values stand in the order of their places', () => {
    const inner = sql`b = ${2} and c = ${'three'}`
    const { sql: text, values } = sql`select a from t where a = ${1} and (${inner}) limit ${null}`
    expect(text).toBe('select a from t where a = ? and (b = ? and c = ?) limit ?')
    expect(values).toEqual([1, 2, 'three', null])
  })

  test('has its values where the engine looks for them', () => {
    const statement = sql`select a from t where ${numbered.among('seq', [1, 2])} and b = ${'x?'}`
    const { sql: text, values } = queryOf(numbered, statement, () => null)
    expect(text).toBe('select a from t where seq = any($1) and b = $2')
    expect(values).toEqual([[1, 2], 'x?'])
  })

  test('has no more and no fewer values than places', () => {
    const filter = { destination: 'd', source: 's', type: 't', status: 'dead', held: true, since: 1, until: 2 } as const
    const chosen = { ...filter, seqs: [1, 2] }
    const changes = createChanges(numbered)
    const range = { limit: 10, after: [1, 2] } as const
    const statements = [
      createItemQueries(numbered).list(filter, { limit: 10 }),
      createItemQueries(numbered).find({ id: 'x' }),
      createEventQueries(numbered).list({ ids: ['evt_1'], source: 's', status: 'failed' }, { limit: 10 }),
      createEventQueries(numbered).find(1),
      createBatchQueries(numbered).listAttempts({ destination: 'd', itemSeq: 1 }, { limit: 10 }),
      createErrorGroups(numbered).ofItems(filter, 10),
      createChoices(numbered).pickEvents('replay', { source: 's', last: 5 }, range),
      createChoices(numbered).pickItems('reset', filter, 7, range),
      changes.replay({ ids: ['evt_1'], topic: 't' }),
      changes.keepSentBodies(chosen, 7),
      changes.redeliverHeld(chosen, 7),
      changes.redeliverFree(chosen, 7),
      changes.giveUp(chosen),
    ]
    for (const { sql: text, values } of statements) {
      const places = [...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n))
      expect(places).toEqual(values.map((_, index) => index + 1))
      expect(text).not.toMatch(/\?|json_each|not indexed|iif\(| is not 0/)
    }
  })
})

describe('a page', () => {
  const { listBatches } = createBatchQueries(numbered)
  const rows = [9, 7, 5].map((seq) => ({ seq, id: `b${seq}` }))

  test('names the next one if there is more, which goes on behind it', () => {
    const first = listBatches({}, { limit: 2 })
    expect(first.values).toEqual([3])
    const { rows: shown, next } = first.read(rows)
    expect(shown).toEqual([{ id: 'b9' }, { id: 'b7' }])
    const second = listBatches({}, { limit: 2, cursor: next! })
    expect(inOneLine(second.sql)).toMatch(/where \(seq\) < \(\$1\) order by seq desc limit \$2$/)
    expect(second.values).toEqual([7, 3])
  })

  test('is the last one if there is no more', () => {
    expect(listBatches({}, { limit: 3 }).read(rows)).toMatchObject({ rows: { length: 3 }, next: null })
  })

  test.for(['nonsense', Buffer.from('1.2').toString('base64url')])('of an unknown cursor is refused: %j', (cursor) => {
    expect(() => listBatches({}, { limit: 2, cursor })).toThrow('unknown cursor')
  })

  test('of an unknown status is refused', () => {
    const status = "dead' or '1'='1" as 'dead'
    expect(() => createItemQueries(numbered).list({ status }, { limit: 2 })).toThrow('unknown status')
  })
})

test('a choice goes on behind its last row, and ends with a page that is not full', () => {
  const { pickItems } = createChoices(numbered)
  const rows = [
    { seq: 4, time: 10 },
    { seq: 2, time: 11 },
  ]
  const query = pickItems('move', {}, 0, { limit: 2, after: null })
  expect(query.read(rows)).toEqual({ ids: [4, 2], next: [11, 2] })
  expect(query.read(rows.slice(0, 1))).toEqual({ ids: [4], next: null })
  expect(pickItems('move', {}, 0, { limit: 2, after: [11, 2] }).values).toEqual([11, 2, 2])
})

test('errors of one cause are one group, with the example of the newest, the most frequent first', () => {
  const row = { destination: 'main', status: 'dead' }
  const groups = createErrorGroups(numbered)
    .ofItems({}, 2)
    .read([
      { ...row, error: 'other', count: 2, firstAt: 5, lastAt: 5, example: 'o' },
      { ...row, error: 'id 12345678 is refused', count: 1, firstAt: 1, lastAt: 9, example: 'newest' },
      { ...row, error: 'id 87654321 is refused', count: 3, firstAt: 0, lastAt: 4, example: 'older' },
      { ...row, error: 'rare', count: 1, firstAt: 5, lastAt: 5, example: 'r' },
    ])
  expect(groups).toMatchObject([
    { count: 4, firstAt: 0, lastAt: 9, example: 'newest' },
    { error: 'other', count: 2 },
  ])
})

describe('moving an item', () => {
  const to: MoveTo = { destination: 'other', hosts: ['shop.example'], sources: ['shop'] }
  const item: MovingItem = {
    seq: 1,
    type: 'product',
    id: 'p1',
    source: 'shop',
    status: 'delivered',
    kind: 'upsert',
    version: version(5),
    place: 5,
    eventSeq: 5,
    host: 'shop.example',
    isKept: true,
  }
  const there: KnownThere = {
    seq: 2,
    version: version(4),
    place: 9,
    held: 0,
    batch: null,
    deliveredKind: null,
    deliveredChecksum: null,
    deliveredAt: null,
  }

  test.for<[string, keyof Moved, Partial<MovingItem>, Partial<KnownThere> | null]>([
    ['goes if the other side does not know it', 'moved', {}, null],
    ['goes if the other side knows an older one', 'moved', {}, {}],
    ['stays if a batch holds that of the other side', 'busy', {}, { batch: 1 }],
    ['stays if an operator holds that of the other side', 'busy', {}, { held: 1 }],
    ['is dropped if the other side knows a newer one', 'superseded', {}, { version: version(6) }],
    ['is dropped if the other side heard of it later and there are no versions', 'superseded', { version: null }, {}],
    ['is mapped again if its url is on another host', 'mapped_again', { host: 'old.example' }, null],
    [
      'is left if its url is on another host and its event is gone',
      'left',
      { host: 'old.example', isKept: false },
      null,
    ],
    ['is left if its source does not send there', 'left', { host: 'old.example', source: 'blog' }, null],
    ['goes as a tombstone, whatever its url was', 'moved', { host: 'old.example', kind: 'delete' }, null],
    ['goes if it has no url', 'moved', { host: null }, null],
  ])('%s', ([, result, change, known]) => {
    expect(judgeMove({ ...item, ...change }, known && { ...there, ...known }, to)).toBe(result)
  })
})
