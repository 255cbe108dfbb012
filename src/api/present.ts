import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { sortableTime } from '../domain/version.ts'
import type { Page, Paged } from '../store/contract/store.ts'
import { type OkEnvelope, ok } from './envelope.ts'

/** The names of the API, the logs and the database: `eventId` is `event_id`. */
export function snakeCase(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
}

/** A row as the API shows it: `snake_case` names, times (`…At`, unix milliseconds) as RFC 3339. */
export function present(row: object): Record<string, unknown> {
  const times = Object.entries(row).map(([name, value]) => {
    const isTime = (name === 'at' || name.endsWith('At')) && typeof value === 'number'
    return [name, isTime ? new Date(value).toISOString() : value]
  })
  return snakeCase(Object.fromEntries(times))
}

/** A page of rows, with the cursor of the next in `meta`. */
export function presentPage({ rows, next }: Paged<object>, { id }: { readonly id: string }): OkEnvelope {
  return ok(rows.map(present), id, { cursor: next })
}

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

/** A time in a query: RFC 3339, or unix milliseconds. */
export const timeParam = z.string().transform((text, context) => {
  if (/^\d{10,16}$/.test(text)) return Number(text)
  const time = sortableTime(text)
  if (time !== null) return Date.parse(`${time.slice(0, 23)}Z`)
  context.issues.push({ code: 'custom', input: text, message: 'expected an RFC 3339 time or unix milliseconds' })
  return z.NEVER
})

/** The query parameters of every list. */
export const pageParams = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(512).optional(),
}

/** Splits the page from the filter, and leaves out what was not given. */
export function splitPage<T extends { limit: number; cursor?: string | undefined }>(query: T) {
  const { limit, cursor, ...filter } = query
  const page: Page = { limit, ...(cursor !== undefined && { cursor }) }
  return { page, filter: defined(filter) }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** An object without its undefined members. */
export function defined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<Defined<T>>
}
