import { canonicalJson } from './ingest-item.ts'

/**
 * What a mapper wants to know from its CMS before it can map a webhook. Data without credentials, hosts and clocks: the url
 * is relative to the base url of the source, and the client adds what the source's configuration has for it.
 */
export interface FetchRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query below the base url, such as `/stories/1?version=published`; the query's names in order. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON; undefined: none. */
  readonly body: unknown
  /** Whether a 404 or 410 says that the record is gone. If several records are asked for at once it says nothing. */
  readonly isRecord: boolean
}

export type FetchAnswer =
  /** The parsed body; integers beyond 2^53 are text. */
  | { readonly kind: 'found'; readonly body: unknown }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly error: string }

/** What is known so far. Undefined: nobody has asked yet. */
export type FetchAnswers = (request: FetchRequest) => FetchAnswer | undefined

/** The same for requests that ask the same. */
export function fetchKeyOf({ method, url, headers, body }: FetchRequest): string {
  return canonicalJson([method, url, headers, body ?? null])
}

/**
 * Why a path below a base url may lead to another resource than its mapper means, or null. Parsers resolve dot segments, some servers
 * undo an encoding before they look at the path (`%2e%2e%2f`), and some take what follows a `;` for parameters (RFC 3986, 3.3).
 */
export function pathProblem(relative: string): string | null {
  const path = relative.split(/[?#]/, 1)[0] ?? ''
  if (/[\\;\p{Cc}]/u.test(path)) return 'holds a backslash, a semicolon or a control character'
  if (/(^|[/\\])\.{1,2}([/\\;]|$)/.test(unescaped(path))) return 'holds a dot segment'
  return null
}

/** Undone as often as it was done: what is left holds no encoding of the characters that matter here. */
function unescaped(path: string): string {
  const once = path.replace(/%(2e|2f|5c|3b|25)/gi, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  return once === path ? path : unescaped(once)
}

/** A request as people read it: `GET /stories/1`. */
export function fetchText({ method, url }: Pick<FetchRequest, 'method' | 'url'>): string {
  return `${method} ${url === '' ? '(base url)' : url}`
}

/** Where the credential of a CMS's API goes, as a mapper says it; a source's configuration has the credential. */
export interface TokenPlace {
  readonly query?: string | undefined
  readonly header?: string | undefined
  /** Stands before the token in a header, such as `Bearer `. */
  readonly prefix: string
  /** Whether the API answers nobody without one. */
  readonly required: boolean
}

/** How a mapper reaches the API of its CMS. */
export interface FetchNeeds {
  /** Absolute, without a slash at its end; null if the source has to say. */
  readonly baseUrl: string | null
  readonly token: TokenPlace | null
}
