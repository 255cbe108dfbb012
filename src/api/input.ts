import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { sortableTime } from '../domain/version.ts'
import type { Page, Paged } from '../store/contract/store.ts'

/** Reads a query or body by a schema. Throws RelayError `invalid` that names each mistake and its place. */
export function readInput<S extends z.ZodType>(schema: S, value: unknown, place: string): z.output<S> {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => ({
    path: [place, ...path.map(String)].join('.'),
    message,
  }))
  const summary = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new RelayError('invalid', summary, { details: { issues } })
}

/** A time in a query or body: RFC 3339, or unix milliseconds. */
const timeParam = z
  .string()
  .describe('An RFC 3339 time, or unix milliseconds.')
  .transform((text, context) => {
    if (/^\d{10,16}$/.test(text)) return Number(text)
    const time = sortableTime(text)
    if (time !== null) return Date.parse(`${time.slice(0, 23)}Z`)
    context.issues.push({ code: 'custom', input: text, message: 'expected an RFC 3339 time or unix milliseconds' })
    return z.NEVER
  })

/** `since` is included, `until` is not. */
export const periodParams = { since: timeParam.optional(), until: timeParam.optional() }

/** The query parameters of every list that has pages. */
export const pageParams = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Rows of a page.'),
  cursor: z.string().min(1).max(512).optional().describe('`meta.cursor` of the page before.'),
}

/** Splits the page from the filter, and leaves out what was not given. */
export function splitPage<T extends { limit: number; cursor?: string | undefined }>(query: T) {
  const { limit, cursor, ...filter } = query
  const page: Page = { limit, ...(cursor !== undefined && { cursor }) }
  return { page, filter: defined(filter) }
}

/** A page of a list as the API tells it, with the cursor of the next one. */
export async function presentPage<Query extends { limit: number; cursor?: string | undefined }, Row, Shown>(
  query: Query,
  list: (filter: ReturnType<typeof splitPage<Query>>['filter'], page: Page) => Promise<Paged<Row>>,
  present: (row: Row) => Shown,
) {
  const { filter, page } = splitPage(query)
  const { rows, next } = await list(filter, page)
  return { data: rows.map(present), cursor: next }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** An object without its undefined members. */
export function defined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<Defined<T>>
}
