import { RelayError } from '../../domain/errors.ts'
import type { Page, Paged } from '../contract/store.ts'
import { plain, type Sql, sql } from './sql.ts'

/**
 * Lists for people are read by page, the newest first. A page goes on behind the key that its cursor names, so that the last page
 * costs what the first does.
 */
export interface Pages<Row> {
  /** The columns of the key, in order: an index has them. */
  readonly columns: readonly string[]
  readonly keyOf: (row: Row) => readonly number[]
}

/** That a row is behind the cursor. Throws RelayError `invalid` for one that is not ours. */
export function behind({ columns }: Pages<never>, { cursor }: Page): readonly Sql[] {
  if (cursor === undefined) return []
  const values = readCursor(cursor, columns.length)
  return [{ sql: `(${columns.join(', ')}) < (${values.map(() => '?').join(', ')})`, values }]
}

/** The order of a page, and one row more than it was asked for, which tells whether there is another page. */
export function pageEnd({ columns }: Pages<never>, { limit }: Page): Sql {
  return sql` order by ${plain(columns.map((column) => `${column} desc`).join(', '))} limit ${limit + 1}`
}

/** A page of what was selected with `behind` and `pageEnd`. */
export function pageOf<Row, T>(
  rows: Iterable<Row>,
  { keyOf }: Pages<Row>,
  { limit }: Page,
  read: (row: Row) => T,
): Paged<T> {
  const all = [...rows]
  const last = all[limit - 1]
  const next = all.length > limit && last ? Buffer.from(keyOf(last).join('.')).toString('base64url') : null
  return { rows: all.slice(0, limit).map(read), next }
}

function readCursor(cursor: string, length: number): readonly number[] {
  const values = Buffer.from(cursor, 'base64url').toString('latin1').split('.').map(Number)
  if (values.length === length && values.every(Number.isSafeInteger)) return values
  throw new RelayError('invalid', 'unknown cursor')
}
