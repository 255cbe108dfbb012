import type { ItemChange } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { type KeptColumns, keptColumns, type Standing } from './kept.ts'

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
     values (:seq, :source, :kind, :checksum, :version, :counted, :bareTombstone, :eventSeq,
       :place, :asOf, :resource, :locale, :body, :receivedAt, :at)`,
  )
  const drop = prepare(database, 'delete from held_changes where seq = ?')

  return {
    read: (seq: number): HeldChange | undefined => select.get(seq),
    note(seq: number, { source, kind, checksum, body, receivedAt }: ItemChange, standing: Standing, at: number): void {
      put.run({ ...standing, seq, source, kind, checksum, body, receivedAt, at })
    },
    forget: (seq: number): void => void drop.run(seq),
    standingOf(row: HeldChange): Standing {
      return {
        version: row.version,
        counted: row.version_counted === 1 ? 1 : 0,
        bareTombstone: row.bare_tombstone === 1 ? 1 : 0,
        eventSeq: row.event_seq,
        place: row.place,
        asOf: row.as_of,
        resource: row.resource,
        locale: row.locale,
      }
    },
  }
}
