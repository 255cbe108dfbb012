import { type ErrorCode, RelayError } from '../../domain/errors.ts'
import { isLoopback } from '../../http-client/loopback.ts'

/** What a relay, or a server in front of it, has answered instead of what was asked for. */
export interface Refusal {
  readonly url: string
  readonly status: number
  readonly text: string
  /** Where a redirect leads to. */
  readonly location?: string | undefined
}

const mostSaid = 300

/** Nobody listens, or the answer has not come to its end. */
export function noAnswer(url: string, why: string): RelayError {
  const cure = 'start it with `cms-relay serve`, or say with --url where it listens'
  // Loopback is never asked through a proxy.
  const further = isLoopback(new URL(url).hostname)
    ? ''
    : '; check the network and its proxy, if HTTPS_PROXY or HTTP_PROXY names one'
  return new RelayError('unavailable', `no relay answers at ${url}: ${cure}${further} (${why})`)
}

/** A refusal in words, with its cure. Its code is `unavailable` if it may pass by itself. */
export function refusalError(refusal: Refusal): RelayError {
  const { url, status, text } = refusal
  const said = saidIn(text)
  if (said === null) return new RelayError(codeOf(status, false), `${foreign(refusal)}: ${foreignCure(refusal)}`)
  const cure = cureOf(status)
  const words = `the relay at ${url} answers ${status}: ${said.slice(0, mostSaid)}`
  return new RelayError(codeOf(status, true), cure === null ? words : `${words}; ${cure}`)
}

/** The message of the relay's own error envelope. Null for any other text, such as a page of a proxy. */
export function saidIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    return typeof error?.message === 'string' ? error.message : null
  } catch {
    return null
  }
}

function codeOf(status: number, isOurs: boolean): ErrorCode {
  if (status === 429 || status >= 500) return 'unavailable'
  if (isOurs && status === 401) return 'unauthorized'
  return isOurs && status === 404 ? 'not_found' : 'invalid'
}

function cureOf(status: number): string | null {
  switch (status) {
    case 401:
      return 'give its admin token with --token; if that has changed in the configuration, send the process SIGHUP'
    case 404:
      return 'the admin API needs server.admin_token, and answers only at server.admin if that is set: --url takes its address'
    default:
      return status >= 500 ? 'its log tells why' : null
  }
}

function foreign({ url, status }: Refusal): string {
  return `what answers ${status} at ${url} is not cms-relay`
}

function foreignCure({ url, status, location }: Refusal): string {
  if (status >= 300 && status < 400) {
    const origin = location === undefined ? null : URL.parse(location, url)?.origin
    return `it redirects${origin ? ` to ${origin}` : ''}, and --url takes the address itself`
  }
  if (status === 407) return 'the proxy of HTTPS_PROXY or HTTP_PROXY wants a user name and password in its URL'
  return 'check --url, and the proxy in between (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, or one in front of the relay)'
}
