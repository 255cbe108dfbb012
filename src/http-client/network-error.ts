import { messageOf, RelayError } from '../domain/errors.ts'

/** Why a call has no answer. Only `connect` says that the server never saw it; after the others it may have. */
export type NoAnswerReason = 'timeout' | 'connect' | 'reset' | 'too_large' | 'protocol' | 'aborted' | 'other'

export interface NetworkTrouble {
  readonly reason: NoAnswerReason
  readonly message: string
}

// Codes of Node's sockets, resolver and TLS, and of undici (https://undici.nodejs.org/#/docs/api/Errors).
const reasons: readonly (readonly [RegExp, NoAnswerReason])[] = [
  [/^UND_ERR_(CONNECT_TIMEOUT|PRX_CONN|PRX_TLS)$/, 'connect'],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EMFILE)/, 'connect'],
  [/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|ERR_TLS_|ERR_SSL_|EPROTO)/, 'connect'],
  [/^(UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT|ETIMEDOUT)$/, 'timeout'],
  [/^(UND_ERR_SOCKET|ECONNRESET|EPIPE|ECONNABORTED)$/, 'reset'],
  [/^(HPE_|HTTPParserError|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)/, 'protocol'],
  [/^(UND_ERR_ABORTED|AbortError|UND_ERR_CLOSED|UND_ERR_DESTROYED)$/, 'aborted'],
]

/** Names what an HTTP client threw. Codes first: the messages of several addresses that all failed are empty. */
export function readNetworkError(error: unknown): NetworkTrouble {
  if (error instanceof RelayError && error.code === 'too_large') return { reason: 'too_large', message: error.message }
  // A proxy that refuses to connect: the client calls that aborted.
  const proxy = /^Proxy response \((\d+)\)/.exec(messageOf(error))
  if (proxy) return { reason: 'connect', message: `the proxy refused to connect (status ${proxy[1]})` }
  const code = codeOf(error)
  const reason = reasons.find(([pattern]) => pattern.test(code))?.[1] ?? 'other'
  const message = messageOf(error).slice(0, 300)
  return { reason, message: code && !message.includes(code) ? `${code}: ${message}` : message }
}

/** The code of what was thrown or of its cause; its name if there is no code. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? error.name : codeOf(error.cause)
}
