import { eventIdOf, eventSeqOf } from '../../domain/event-id.ts'
import type {
  AttemptFilter,
  BatchFilter,
  EventDetail,
  EventFilter,
  ItemDetail,
  ItemFilter,
  NotedChange,
  OtherSource,
  Page,
} from '../contract/store.ts'
import { createBatchQueries } from '../shared/batch-queries.ts'
import { createErrorGroups } from '../shared/error-groups.ts'
import { createEventQueries } from '../shared/event-queries.ts'
import { createItemQueries } from '../shared/item-queries.ts'
import { type Database, prepare } from './database.ts'
import { createFetches } from './fetches.ts'
import { createHeldChanges, type HeldChange } from './held-changes.ts'
import { type KeptColumns, keptColumns, keptOf } from './kept.ts'
import { createRun, sqliteDialect } from './queries.ts'

/** What people look at: lists, one of them with all that is known of it, and their errors. */
export function createLists(database: Database) {
  const run = createRun(database)
  const events = createEventQueries(sqliteDialect)
  const items = createItemQueries(sqliteDialect)
  const batches = createBatchQueries(sqliteDialect)
  const errors = createErrorGroups(sqliteDialect)
  const { readFetches } = createFetches(database)

  function getEvent(id: string): EventDetail | null {
    const seq = eventSeqOf(id)
    const event = seq === null ? null : run(events.find(seq))
    return event && { ...event, ...readFetches(seq!) }
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
    return run(items.find(filter)).map((item) => {
      const { body, resource, locale, ...kept } = selectKept.get(item.seq)!
      const sources = selectSources.all(item.seq).map(({ source }) => source)
      const change = item.held ? held.read(item.seq) : undefined
      return {
        ...item,
        body,
        resource,
        locale,
        sources: sources.length > 0 || item.source === '' ? sources : [item.source],
        known: keptOf(change ?? kept),
        noted: change === undefined ? null : notedOf(change),
      }
    })
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

  return {
    listOtherSources,
    listEvents: (filter: EventFilter, page: Page) => run(events.list(filter, page)),
    getEvent,
    listItems: (filter: ItemFilter, page: Page) => run(items.list(filter, page)),
    getItems,
    listBatches: (filter: BatchFilter, page: Page) => run(batches.listBatches(filter, page)),
    listAttempts: (filter: AttemptFilter, page: Page) => run(batches.listAttempts(filter, page)),
    groupEventErrors: (filter: EventFilter, limit: number) => run(errors.ofEvents(filter, limit)),
    groupItemErrors: (filter: ItemFilter, limit: number) => run(errors.ofItems(filter, limit)),
  }
}

function notedOf({ kind, version, event_seq: eventSeq, changed_at: changedAt }: HeldChange): NotedChange {
  return { kind, version, eventId: eventIdOf(eventSeq), changedAt }
}
