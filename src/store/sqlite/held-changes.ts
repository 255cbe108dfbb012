import type { NotedChange } from '../../domain/item-state.ts'
import { type Database, prepare } from './database.ts'
import { type KeptColumns, keptColumns, keptOf } from './kept.ts'

export interface HeldChange extends KeptColumns {
  readonly source: string
  readonly body: string | null
  readonly received_at: number
  readonly resource: string | null
  readonly locale: string | null
}

/** What the CMS wants of items that an operator holds. */
export function createHeldChanges(database: Database) {
  const select = prepare<HeldChange>(
    database,
    `select ${keptColumns}, source, body, received_at, resource, locale from held_changes where seq = ?`,
  )
  const put = prepare(
    database,
    `insert or replace into held_changes (seq, source, kind, checksum, version, version_counted, bare_tombstone, event_seq,
       place, as_of, resource, locale, body, received_at, changed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const drop = prepare(database, 'delete from held_changes where seq = ?')

  return {
    read: (seq: number): HeldChange | undefined => select.get(seq),
    find(seq: number): NotedChange | null {
      const row = select.get(seq)
      if (!row) return null
      const { source, body, received_at: receivedAt, resource, locale } = row
      return { ...keptOf(row), source, body, receivedAt, resource, locale }
    },
    write(seq: number | bigint, noted: NotedChange | null): void {
      if (noted === null) return void drop.run(seq)
      const { source, kind, checksum, version, eventSeq, place, asOf, resource, locale, body, receivedAt, changedAt } =
        noted
      const [counted, bare] = [Number(noted.isCounted), Number(noted.bareTombstone)]
      put.run(
        ...[seq, source, kind, checksum, version, counted, bare, eventSeq, place, asOf, resource, locale],
        ...[body, receivedAt, changedAt],
      )
    },
  }
}
