/** A webhook as expressions see it: `$headers`, `$query`, `$body`, `$method`, `$path`, `$digest`. */
export interface Webhook {
  readonly method: string
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The first value of each name. */
  readonly query: Readonly<Record<string, string>>
  /** The parsed body: JSON value, form fields as an object of strings, or text. Integers beyond 2^53 are text. */
  readonly body: unknown
  /** Lower-case hex SHA-256 of the exact body bytes. */
  readonly digest: string
}
