import { RelayError } from '../domain/errors.ts'

/** The root of an API. */
export interface BaseUrl {
  readonly origin: string
  /** Without a slash at its end. */
  readonly path: string
}

/** An http(s) url without credentials. Throws RelayError `invalid` for any other; the message begins with `subject`. */
export function readHttpUrl(text: string, subject = ''): URL {
  const url = URL.parse(text)
  if (!/^https?:$/.test(url?.protocol ?? ''))
    throw new RelayError('invalid', `${subject}must be an absolute http(s) url`)
  if (url!.username || url!.password) throw new RelayError('invalid', `${subject}must have no user name or password`)
  return url!
}

/** Throws RelayError `invalid` for what is not the root of an API. */
export function readRoot(text: string, subject = ''): BaseUrl {
  const url = readHttpUrl(text, subject)
  if (url.search || url.hash) throw new RelayError('invalid', `${subject}must have no query or fragment`)
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '') }
}
