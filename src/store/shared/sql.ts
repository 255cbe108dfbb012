/** What a statement may be given, in every engine. */
export type SqlValue = string | number | null | Uint8Array | readonly number[]

/** A piece of SQL with its values, one for each `?`. Pieces nest, see `sql`. */
export interface Sql {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** All that differs between the engines in what is asked of both. */
export interface Dialect {
  /** The nth value of a statement, from 1. */
  parameter(n: number): string
  /** That a column of numbers has one of these, however many they are. */
  among(column: string, numbers: readonly number[]): Sql
  /** A table of which the statement names the rows: nothing else of it is looked at. */
  byKey(table: string): string
}

/** A statement, and what its rows mean. An engine runs it and knows nothing of it. */
export interface Query<T> extends Sql {
  // biome-ignore lint/suspicious/noExplicitAny: what the SQL selects and what is read of it stand side by side
  readonly read: (rows: Iterable<any>) => T
}

/** SQL as it is written: pieces that are inserted stay pieces, and all else that is inserted is a value. */
export function sql(texts: TemplateStringsArray, ...inserted: readonly (Sql | SqlValue)[]): Sql {
  const pieces = inserted.map((part) => (isSql(part) ? part : { sql: '?', values: [part] }))
  return {
    sql: texts.reduce((text, next, index) => text + pieces[index - 1]!.sql + next),
    values: pieces.flatMap(({ values }) => values),
  }
}

function isSql(part: Sql | SqlValue): part is Sql {
  return typeof part === 'object' && part !== null && 'sql' in part
}

/** SQL without values, from text that is ours: it stands in the statement as it is. */
export function plain(text: string): Sql {
  return { sql: text, values: [] }
}

/** A statement in the words of an engine. */
export function queryOf<Row, T>({ parameter }: Dialect, statement: Sql, read: (rows: Iterable<Row>) => T): Query<T> {
  let n = 0
  const text = statement.sql.replaceAll('?', () => {
    n += 1
    return parameter(n)
  })
  return { sql: text, values: statement.values, read }
}
