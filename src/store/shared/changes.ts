import type { ChosenEvents, ChosenItems } from './choose.ts'
import { eventsFor, itemsFor } from './choose.ts'
import { allOf } from './filters.ts'
import { type Dialect, plain, type Query, queryOf, type Sql, sql } from './sql.ts'

/**
 * What is done with rows that were chosen, by their numbers. Each statement looks again whether the filter applies, for a row may
 * have changed since, and answers which rows it has changed.
 */
export function createChanges(dialect: Dialect) {
  const { among } = dialect
  const events = plain(dialect.byKey('events'))
  const items = plain(dialect.byKey('items'))
  const changed = (statement: Sql): Query<readonly number[]> =>
    queryOf(dialect, sql`${statement} returning seq`, seqsOf)

  function redeliverable(filter: ChosenItems, at: number): Sql {
    return allOf(itemsFor('redeliver', filter, at, dialect))
  }

  return {
    replay: (filter: ChosenEvents) =>
      changed(sql`
        update ${events} set status = 'pending', reason = null, error = null, settled_at = null, replays = replays + 1
        where ${allOf(eventsFor('replay', filter, dialect))}`),
    /** Of replayed events: what is being fetched for one of them settles nothing any more. */
    dropClaims: (seqs: readonly number[]) => changed(sql`delete from event_claims where ${among('seq', seqs)}`),
    dropWaiting: (seqs: readonly number[]) => changed(sql`delete from event_fetches where ${among('seq', seqs)}`),
    purgeEvents: (filter: ChosenEvents) =>
      changed(sql`delete from ${events} where ${allOf(eventsFor('purge', filter, dialect))}`),

    /**
     * Keeps with a batch what it has sent of its items, before they are redelivered: the batch may have to show it once more. Of
     * several changes the first counts, for that is what was sent.
     */
    keepSentBodies: (filter: ChosenItems, at: number): Query<void> =>
      queryOf(
        dialect,
        sql`
        update batch_items set body = (select body from item_bodies where seq = item_seq)
        where body is null and (item_seq, batch_seq) in (
          select seq, batch_seq from ${items} where ${redeliverable(filter, at)} and revision = batch_revision)`,
        (rows) => void [...rows],
      ),
    // What a batch holds goes out once more after it: the new revision makes the batch's outcome count for the old one.
    redeliverHeld: (filter: ChosenItems, at: number) =>
      changed(sql`
        update ${items} set revision = revision + 1, forced = 1, due_at = ${at}, attempts = 0,
          next_since = coalesce(next_since, ${at}), next_received_at = coalesce(next_received_at, ${at})
        where ${redeliverable(filter, at)} and batch_seq is not null`),
    // What was delivered counts no more: a change there and back before the next call must not take back what was asked for.
    redeliverFree: (filter: ChosenItems, at: number) =>
      changed(sql`
        update ${items} set status = 'pending', due_at = ${at}, attempts = 0, error = null,
          delivered_kind = case when delivered_kind is null then null else 'unknown' end, delivered_checksum = null,
          pending_since = coalesce(pending_since, ${at}), received_at = coalesce(received_at, ${at})
        where ${redeliverable(filter, at)} and batch_seq is null`),

    resettable: (filter: ChosenItems, at: number) =>
      queryOf(dialect, sql`select seq from ${items} where ${allOf(itemsFor('reset', filter, at, dialect))}`, seqsOf),
    // Older than every event: whatever comes, replayed events too, is newer than what is known.
    forgetVersions: (seqs: readonly number[]) =>
      changed(sql`update ${items} set ${noVersion} where ${among('seq', seqs)}`),
    forgetNoted: (seqs: readonly number[]) =>
      changed(sql`update held_changes set ${noVersion} where ${among('seq', seqs)}`),

    // The row stays: what was delivered, the version, and that it may exist at the destination are not to be forgotten.
    purgeItems: (filter: ChosenItems) =>
      changed(sql`
        update ${items} set status = 'delivered', error = 'given up: ' || coalesce(error, '')
        where ${allOf(itemsFor('purge', filter, 0, dialect))}`),
    giveUp: (filter: ChosenItems) =>
      changed(sql`
        update ${items} set status = 'delivered',
          error = 'given up: ' || coalesce(error, 'its destination is not configured'),
          due_at = null, pending_since = null, received_at = null
        where ${allOf(itemsFor('give up', filter, 0, dialect))}`),
  }
}

const noVersion = plain('version = null, version_counted = 0, bare_tombstone = 0, place = 0, as_of = null')

function seqsOf(rows: Iterable<{ readonly seq: number }>): readonly number[] {
  return Array.from(rows, ({ seq }) => seq)
}
