import type { z } from 'zod'

type Table<Row, Shape extends z.ZodRawShape> = {
  readonly [Name in keyof Shape]: readonly [schema: Shape[Name], read: (row: Row) => z.output<Shape[Name]>]
}

/** Says of each field once what it holds and how the presenter reads it of a row. */
export function fieldsOf<Row>() {
  return <Shape extends z.ZodRawShape>(table: Table<Row, Shape>) => {
    const entries = Object.entries<readonly [z.ZodType, (row: Row) => unknown]>(table as never)
    return {
      shape: Object.fromEntries(entries.map(([name, [schema]]) => [name, schema])) as unknown as Shape,
      present: (row: Row) =>
        Object.fromEntries(entries.map(([name, [, read]]) => [name, read(row)])) as {
          [Name in keyof Shape]: z.output<Shape[Name]>
        },
    }
  }
}
