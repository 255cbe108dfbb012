import type { SQLInputValue } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import { eventIdOf, eventSeqOf } from '../../domain/event-id.ts'
import type {
  Attempt,
  AttemptFilter,
  BatchFilter,
  BatchSummary,
  EventDetail,
  EventFilter,
  EventSummary,
  ItemDetail,
  ItemFilter,
  ItemSummary,
  NotedChange,
  OtherSource,
  Page,
  Paged,
} from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { createFetches } from './fetches.ts'
import { createHeldChanges, type HeldChange } from './held-changes.ts'
import { type KeptColumns, keptColumns, keptOf } from './kept.ts'
import { untaggedId } from './pack.ts'

export interface Condition {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

/** Lists for people: pages by key, so that the last page costs what the first does. */
export function createLists(database: Database) {
  const { readFetches } = createFetches(database)
  // Few shapes of a query are ever asked, so each is prepared once.
  const prepared = new Map<string, ReturnType<typeof prepare>>()

  function rowsOf<Row>(select: string, conditions: readonly Condition[], order: string, limit: number): readonly Row[] {
    const sql = `${select}${whereOf(conditions)} order by ${order} limit ?`
    let query = prepared.get(sql)
    if (!query) {
      if (prepared.size >= 200) prepared.clear()
      query = prepare(database, sql)
      prepared.set(sql, query)
    }
    return query.all(...conditions.flatMap(({ values }) => values), limit) as unknown as readonly Row[]
  }

  function listEvents(filter: EventFilter, { limit, cursor }: Page): Paged<EventSummary> {
    const after = before('(received_at, seq)', cursor, 2)
    const order = 'received_at desc, seq desc'
    const rows = rowsOf<EventRow>(selectEvent, [...eventConditions(filter), ...after], order, limit + 1)
    return pageOf(rows, limit, eventSummaryOf, (row) => [row.receivedAt, row.seq])
  }

  const selectDetail = prepare<
    EventRow & Pick<EventDetail, 'method' | 'path' | 'query' | 'body'> & { headers: string; proof: string | null }
  >(
    database,
    `select e.*, b.method, b.path, b.query, b.headers, b.body, b.proof
     from (${selectEvent} where seq = ?) e join event_bodies b on b.seq = e.seq`,
  )

  function getEvent(id: string): EventDetail | null {
    const seq = eventSeqOf(id)
    const row = seq === null ? undefined : selectDetail.get(seq)
    if (!row) return null
    const { method, path, query, headers, body, proof } = row
    const content = {
      method,
      path,
      query,
      headers: JSON.parse(headers),
      body: Buffer.from(body),
      proof: proof === null ? null : JSON.parse(proof),
    }
    return { ...eventSummaryOf(row), ...content, ...readFetches(row.seq) }
  }

  function listItems(filter: ItemFilter, { limit, cursor }: Page): Paged<ItemSummary> {
    const after = before('(changed_at, seq)', cursor, 2)
    const order = 'changed_at desc, seq desc'
    const rows = rowsOf<ItemRow>(selectItem, [...itemConditions(filter), ...after], order, limit + 1)
    return pageOf(rows, limit, itemSummaryOf, (row) => [row.changedAt, row.seq])
  }

  const selectKept = prepare<KeptColumns & Pick<ItemDetail, 'body' | 'resource' | 'locale'>>(
    database,
    `select ${keptColumns}, resource, locale, (select body from item_bodies b where b.seq = items.seq) as body
     from items where seq = ?`,
  )
  const selectSources = prepare<{ source: string }>(
    database,
    'select source from item_sources where item_seq = ? order by source',
  )
  const held = createHeldChanges(database)

  function getItems(filter: { id: string; type?: string; destination?: string }): readonly ItemDetail[] {
    const rows = rowsOf<ItemRow>(selectItem, itemConditions(filter), 'destination, type', 20)
    return rows.map((row) => {
      const { body, resource, locale, ...kept } = selectKept.get(row.seq)!
      const sources = selectSources.all(row.seq).map(({ source }) => source)
      const change = row.held === 1 ? held.read(row.seq) : undefined
      return {
        ...itemSummaryOf(row),
        body,
        resource,
        locale,
        sources: sources.length > 0 || row.source === '' ? sources : [row.source],
        known: keptOf(change ?? kept),
        noted: change === undefined ? null : notedOf(change),
      }
    })
  }

  function listBatches(filter: BatchFilter, { limit, cursor }: Page): Paged<BatchSummary> {
    const conditions = [
      ...equal('destination', filter.destination),
      ...oneOf('status', filter.status, batchStatuses),
      ...(live.has(filter.status) ? [{ sql: "status in ('claimed', 'open')", values: [] }] : []),
      ...before('(seq)', cursor, 1),
    ]
    const rows = rowsOf<BatchSummary & { seq: number }>(selectBatch, conditions, 'seq desc', limit + 1)
    return pageOf(rows, limit, ({ seq: _, ...batch }) => batch, (row) => [row.seq]) // biome-ignore format: one idea
  }

  function listAttempts(filter: AttemptFilter, { limit, cursor }: Page): Paged<Attempt> {
    const conditions = [
      { sql: "a.kind = 'attempt'", values: [] },
      ...equal('a.destination', filter.destination),
      ...equal('b.id', filter.batchId),
      ...(filter.itemSeq === undefined
        ? []
        : [{ sql: 'a.batch_seq in (select batch_seq from batch_items where item_seq = ?)', values: [filter.itemSeq] }]),
      ...before('(a.seq)', cursor, 1),
    ]
    const rows = rowsOf<Attempt & { seq: number }>(selectAttempt, conditions, 'a.seq desc', limit + 1)
    return pageOf(rows, limit, ({ seq, ...attempt }) => ({ ...attempt, id: `att_${seq}` }), (row) => [row.seq]) // biome-ignore format: one idea
  }

  // From one source to the next: the index knows where each begins.
  const nextSource = prepare<{ source: string | null }>(
    database,
    'select min(source) as source from events where source > ?',
  )
  const countOf = prepare<Omit<OtherSource, 'source'>>(
    database,
    `select count(*) filter (where status = 'pending') as pending, count(*) filter (where status = 'waiting') as waiting,
       count(*) filter (where status = 'failed') as failed
     from events where source = ?`,
  )

  function listOtherSources(known: readonly string[]): readonly OtherSource[] {
    const others: OtherSource[] = []
    for (let { source } = nextSource.get('')!; source !== null; { source } = nextSource.get(source)!) {
      if (!known.includes(source)) others.push({ source, ...countOf.get(source)! })
    }
    return others
  }

  return { listOtherSources, listEvents, getEvent, listItems, getItems, listBatches, listAttempts }
}

const selectEvent = `
  select seq, source, delivery_id as deliveryId, topic, status, reason, error, mapper, mapper_version as mapperVersion,
    received_at as receivedAt, settled_at as settledAt, replays, bytes
  from events`

interface EventRow extends Omit<EventSummary, 'id'> {
  readonly seq: number
}

function eventSummaryOf(row: EventRow): EventSummary {
  const {
    source,
    deliveryId,
    topic,
    status,
    reason,
    error,
    mapper,
    mapperVersion,
    receivedAt,
    settledAt,
    replays,
    bytes,
  } = row
  return {
    id: eventIdOf(row.seq),
    source,
    deliveryId: untaggedId(deliveryId),
    topic,
    status,
    reason,
    error,
    mapper,
    mapperVersion,
    receivedAt,
    settledAt,
    replays,
    bytes,
  }
}

const selectItem = `
  select seq, destination, source, type, id, status, kind as desiredKind, version, held, place > 0 as removed, checksum,
    delivered_kind as deliveredKind, delivered_checksum as deliveredChecksum, delivered_at as deliveredAt,
    changed_at as changedAt, due_at as dueAt, attempts, error, event_seq as eventSeq,
    (select b.id from batches b where b.seq = items.batch_seq) as batchId
  from items`

interface ItemRow extends Omit<ItemSummary, 'eventId' | 'held' | 'removed'> {
  readonly eventSeq: number
  readonly held: number
  readonly removed: number | null
}

function itemSummaryOf({ eventSeq, ...row }: ItemRow): ItemSummary {
  const removed = row.removed === 1
  return { ...row, held: row.held === 1, removed, eventId: removed ? null : eventIdOf(eventSeq) }
}

function notedOf({ kind, version, event_seq: eventSeq, changed_at: changedAt }: HeldChange): NotedChange {
  return { kind, version, eventId: eventIdOf(eventSeq), changedAt }
}

const selectBatch = `
  select seq, id, destination, kind, status, key, created_at as createdAt, next_at as nextAt, attempts,
    item_count as itemCount, bytes, error
  from batches`

const selectAttempt = `
  select a.seq, b.id as batchId, b.key, a.destination, a.at, a.duration_ms as durationMs, a.status, a.outcome, a.error,
    a.request_id as requestId, a.item_count as itemCount
  from executions a join batches b on b.seq = a.batch_seq`

const eventStatuses = ['pending', 'waiting', 'processed', 'skipped', 'failed'] as const
const itemStatuses = ['pending', 'delivered', 'dead'] as const
const batchStatuses = ['claimed', 'open', 'done', 'split'] as const
const live = new Set<string | undefined>(['claimed', 'open'])

/** The conditions of an event filter, for any statement over `events`. */
export function eventConditions({ ids, source, status, topic, since, until }: EventFilter): readonly Condition[] {
  const seqs = ids?.map(eventSeqOf).filter((seq) => seq !== null)
  return [
    ...(seqs ? [{ sql: 'seq in (select value from json_each(?))', values: [JSON.stringify(seqs)] }] : []),
    ...equal('source', source),
    ...oneOf('status', status, eventStatuses),
    ...(status === undefined || status === 'processed' ? [] : [{ sql: "status <> 'processed'", values: [] }]),
    ...equal('topic', topic),
    ...range('received_at', since, until),
  ]
}

/** The conditions of an item filter, for any statement over `items`. */
export function itemConditions({
  seqs,
  id,
  destination,
  source,
  type,
  status,
  held,
  since,
  until,
}: ItemFilter): readonly Condition[] {
  return [
    ...(seqs ? [{ sql: 'seq in (select value from json_each(?))', values: [JSON.stringify(seqs)] }] : []),
    ...equal('id', id),
    ...equal('destination', destination),
    ...equal('source', source),
    ...equal('type', type),
    ...oneOf('status', status, itemStatuses),
    ...(held === undefined ? [] : [{ sql: held ? 'held = 1' : 'held = 0', values: [] }]),
    ...range('changed_at', since, until),
  ]
}

export function whereOf(conditions: readonly Condition[]): string {
  return conditions.length > 0 ? ` where ${conditions.map(({ sql }) => sql).join(' and ')}` : ''
}

export function equal(column: string, value: string | number | undefined): readonly Condition[] {
  return value === undefined ? [] : [{ sql: `${column} = ?`, values: [value] }]
}

// Written into the SQL, and with the condition of the partial index beside it: SQLite uses one only where it sees the
// condition word for word.
function oneOf<T extends string>(column: string, value: T | undefined, known: readonly T[]): readonly Condition[] {
  if (value === undefined) return []
  if (!known.includes(value)) throw new RelayError('invalid', `unknown ${column} '${value}'`)
  return [{ sql: `${column} = '${value}'`, values: [] }]
}

export function range(column: string, since: number | undefined, until: number | undefined): readonly Condition[] {
  return [
    ...(since === undefined ? [] : [{ sql: `${column} >= ?`, values: [since] }]),
    ...(until === undefined ? [] : [{ sql: `${column} < ?`, values: [until] }]),
  ]
}

function before(columns: string, cursor: string | undefined, length: number): readonly Condition[] {
  if (cursor === undefined) return []
  const values = readCursor(cursor, length)
  return [{ sql: `${columns} < (${values.map(() => '?').join(', ')})`, values }]
}

function readCursor(cursor: string, length: number): readonly number[] {
  const values = Buffer.from(cursor, 'base64url').toString('latin1').split('.').map(Number)
  if (values.length === length && values.every(Number.isSafeInteger)) return values
  throw new RelayError('invalid', 'unknown cursor')
}

/** One row more than the page was asked for, which tells whether there is another page. */
function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  read: (row: Row) => T,
  keyOf: (row: Row) => readonly number[],
): Paged<T> {
  const last = rows[limit - 1]
  const more = rows.length > limit && last !== undefined
  const next = more ? Buffer.from(keyOf(last).join('.')).toString('base64url') : null
  return { rows: rows.slice(0, limit).map(read), next }
}
