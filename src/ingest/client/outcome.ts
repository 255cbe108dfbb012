import type { NetworkTrouble } from '../../http-client/network-error.ts'
import { type BatchKind, deliveredStatuses, type Envelope, type Failure, type ItemResult } from '../wire.ts'
import type { Answer } from './client.ts'

/** What came of one item of a call. `uncertain`: the API did not say, it may have the item. */
export type ItemOutcome =
  | { readonly result: 'delivered' }
  | {
      readonly result: 'failed'
      readonly retryable: boolean
      readonly uncertain: boolean
      readonly error: string
      /** A rate limit: the item is to come later, and nothing is wrong with it. */
      readonly isLimit?: true
    }

/**
 * Why a call is to be tried again.
 *
 *     failed       the destination was asked, and did not take it
 *     unreached    it has not seen the call
 *     rate_limit   it is asked too often: that says nothing of the call, nor of the destination's health
 *     foreign      somebody in between has refused it: a proxy, a firewall
 *     no_route     the same with 404 or 405: the path is not known, mostly for a wrong base url
 */
export type RetryCause = 'failed' | 'unreached' | 'rate_limit' | 'foreign' | 'no_route'

/** What an attempt means for its batch. Reasons are for people, bounded, and hold no secrets. */
export type Outcome =
  /** Each id has a result of its own. */
  | { readonly kind: 'settled'; readonly results: ReadonlyMap<string, ItemOutcome> }
  /** The same key and bytes again, not before `afterMs` if the server said so. */
  | { readonly kind: 'retry'; readonly cause: RetryCause; readonly reason: string; readonly afterMs?: number }
  /**
   * The destination is at fault (token, scope, website, clock), not the items: they wait. `skewMs`: the server's clock
   * is that far ahead of ours. It is measured against our own clock, so it stays the same after it has been corrected.
   */
  | {
      readonly kind: 'unauthorized'
      readonly reason: string
      readonly skewMs?: number
      /** The token is good, but not for this website or not for a type in this call. */
      readonly isScope?: true
    }
  /** The key is taken by other bytes, as far as is known: the same items under new keys. */
  | { readonly kind: 'conflict'; readonly reason: string }
  /** Too large as a whole. */
  | { readonly kind: 'split'; readonly reason: string }
  /** Not taken as a whole, time and again: smaller calls of `size` items. The API may have some of it. Not said by one answer. */
  | { readonly kind: 'stuck'; readonly reason: string; readonly size: number }
  /** Refused as a whole, and again would be: find the culprit. */
  | { readonly kind: 'rejected'; readonly reason: string }

type Refused = Extract<Answer, { kind: 'answer' }>

/** Beyond this a refusal may be due to the clock; the server itself allows 300 s. */
const noticeableSkewMs = 60_000

/**
 * Decides by the envelope first, then by the status (design 6; ingest contract, "Answers"). `ids` are those of the call,
 * `signedSkewMs` is the correction of the clock that it was signed with.
 *
 *     no answer                                       retry
 *     204, 2xx with ok: true                          settled
 *     413                                             split, whatever the envelope says: these bytes never fit
 *     408, 425, 429                                   retry
 *     anything else without an error's envelope       retry: somebody else has answered (a proxy, a firewall, a portal)
 *     401, 403 with a clock that is off               unauthorized, even if retryable: the clock must be corrected first
 *     error.retryable                                 retry
 *     401, 403; auth.* and website.* unless 5xx        unauthorized
 *     409                                             conflict; retry while the first call with the key is under way
 *     other 4xx, 5xx with error.retryable = false     rejected
 *     other 5xx                                       retry
 */
export function readOutcome(
  answer: Answer,
  ids: readonly string[],
  nowMs: number,
  kind: BatchKind = 'upsert',
  signedSkewMs = 0,
): Outcome {
  if (answer.kind === 'no_answer') {
    const cause = answer.reason === 'connect' || answer.reason === 'aborted' ? 'unreached' : 'failed'
    return { kind: 'retry', cause, reason: troubleText(answer) }
  }
  const { status, envelope } = answer
  if (status === 204) return { kind: 'settled', results: new Map(ids.map((id) => [id, delivered])) }
  if (isSuccess(status) && envelope?.ok) return { kind: 'settled', results: readResults(envelope.data, ids, kind) }
  // An error without a code is none of the API's; other APIs say `ok: false` as well.
  const error = envelope?.ok === false && envelope.error.code ? envelope.error : null
  return error === null ? readForeign(answer) : readRefusal(answer, error, nowMs, signedSkewMs)
}

/** Node's messages name the step themselves: `connect ECONNREFUSED 127.0.0.1:8081`. */
function troubleText({ reason, message }: NetworkTrouble): string {
  return message.startsWith(`${reason} `) ? message : `${reason}: ${message}`
}

/** Every answer of the API is an envelope, so this is somebody else's: the items are not at fault, as far as one answer tells. */
function readForeign(answer: Refused): Outcome {
  const { status } = answer
  const said = answer.excerpt ? `: "${clean(answer.excerpt, 120)}"` : ''
  const isRedirect = status >= 300 && status < 400
  const reason = `status ${status}: ${isRedirect ? 'redirect not followed' : `not an answer of the ingest API${said}`}`
  if (status === 413) return { kind: 'split', reason }
  return retryOf(answer, foreignCauseOf(status), reason)
}

function foreignCauseOf(status: number): RetryCause {
  if (status === 429) return 'rate_limit'
  if (status === 404 || status === 405) return 'no_route'
  return status >= 400 && status < 500 && status !== 408 && status !== 425 ? 'foreign' : 'failed'
}

function retryOf({ retryAfterMs }: Refused, cause: RetryCause, reason: string): Outcome {
  return { kind: 'retry', cause, reason, ...(retryAfterMs !== null && { afterMs: retryAfterMs }) }
}

function readRefusal(answer: Refused, error: Failure, nowMs: number, signedSkewMs: number): Outcome {
  // An error's own status counts if the transport says nothing: 200 with ok: false.
  const status = answer.status >= 400 ? answer.status : (error.status ?? answer.status)
  const code = error.code ?? ''
  const reason = `status ${answer.status}: ${describe(error)}`
  const retry = retryOf(answer, status === 429 ? 'rate_limit' : 'failed', reason)

  if (status === 413) return { kind: 'split', reason }
  if (status === 408 || status === 425 || status === 429) return retry

  const unauthorized = status === 401 || status === 403 || (status < 500 && code.startsWith('auth.'))
  const website = status < 500 && code.startsWith('website.')
  const skewMs = unauthorized ? skewOf(answer.date, nowMs, signedSkewMs) : null
  if (skewMs !== null) return { kind: 'unauthorized', reason, skewMs }
  if (error.retryable === true) return retry
  if (code === 'auth.scope_violation') return { kind: 'unauthorized', reason, isScope: true }
  if (unauthorized || website) return { kind: 'unauthorized', reason }
  if (status === 409) return isUnderWay(code) ? retry : { kind: 'conflict', reason }
  if (status >= 400 && status < 500) return { kind: 'rejected', reason }
  return error.retryable === false ? { kind: 'rejected', reason } : retry
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function isUnderWay(code: string): boolean {
  return /in_?progress|under_?way|concurrent|processing/i.test(code)
}

/** Null if the call was signed with about the right time: then the clock is not why it was refused. */
function skewOf(date: number | null, nowMs: number, signedSkewMs: number): number | null {
  if (date === null) return null
  const skewMs = date - nowMs
  return Math.abs(skewMs - signedSkewMs) > noticeableSkewMs ? skewMs : null
}

const delivered: ItemOutcome = { result: 'delivered' }

/**
 * One result for each id. An id that `results` leaves out is delivered if the counts say that all are, or if there
 * is neither results nor counts for a call that is about one thing (a single item, a delete); else it is uncertain.
 */
function readResults(
  data: Extract<Envelope, { ok: true }>['data'],
  ids: readonly string[],
  kind: BatchKind,
): ReadonlyMap<string, ItemOutcome> {
  const { accepted, skipped, failed, results } = data
  const counted = accepted !== undefined || skipped !== undefined || failed !== undefined
  const allDelivered = counted
    ? (failed ?? 0) === 0 && (accepted ?? 0) + (skipped ?? 0) >= ids.length
    : results === undefined && (kind === 'delete' || ids.length === 1)

  const said = new Map<string, ItemOutcome>()
  for (const result of results ?? []) {
    const outcome = readResult(result)
    // Named twice: what went wrong counts.
    if (!said.has(result.id) || outcome.result === 'failed') said.set(result.id, outcome)
  }
  const missing: ItemOutcome = allDelivered ? delivered : uncertain('the answer does not name the item')
  return new Map(ids.map((id) => [id, said.get(id) ?? missing]))
}

/** Without `retryable` a failed item is taken at its word: an error's own status decides, and without one it is dead. */
function readResult({ status, error }: ItemResult): ItemOutcome {
  if (deliveredStatuses.has(status)) return delivered
  if (status !== 'failed') return uncertain(`unknown item status '${clean(status, 40)}'`)
  const retryable = error?.retryable ?? isTransient(error?.status)
  const said = error ? describe(error) : 'failed without an error'
  return { result: 'failed', retryable, uncertain: false, error: said, ...(error?.status === 429 && { isLimit: true }) }
}

function isTransient(status: number | undefined): boolean {
  return status !== undefined && (status === 408 || status === 425 || status === 429 || status >= 500)
}

function uncertain(error: string): ItemOutcome {
  return { result: 'failed', retryable: true, uncertain: true, error }
}

function describe({ code, message }: Failure): string {
  return clean([code, message].filter(Boolean).join(': ') || 'no code', 400)
}

/** On one line and bounded. */
function clean(text: string, maxLength: number): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, maxLength)
}
