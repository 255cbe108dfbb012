import type { FetchRequest } from '../domain/fetch.ts'
import type { FetchResult } from './client.ts'

/** What one request came to, in a word for logs and metrics. */
export type FetchOutcome =
  | 'found'
  | 'gone'
  | 'not_found'
  | 'not_json'
  | 'unauthorized'
  | 'rate_limited'
  | 'rejected'
  | 'refused'
  | 'server_error'
  | 'too_large'
  | 'no_answer'

export type Judgement =
  | { readonly kind: 'read'; readonly outcome: 'found'; readonly text: string }
  | { readonly kind: 'gone'; readonly outcome: 'gone' }
  | {
      readonly kind: 'failed'
      readonly outcome: FetchOutcome
      readonly error: string
      /** Whether asking again may help. */
      readonly isFinal: boolean
      readonly afterMs?: number | undefined
    }

/** Decides what an answer means. `credentials` names the setting to look at if they are refused. */
export function judge(result: FetchResult, { isRecord }: FetchRequest, credentials: string): Judgement {
  if (result.kind === 'refused') return { kind: 'failed', outcome: 'refused', error: result.message, isFinal: true }
  if (result.kind === 'no_answer') {
    const isTooLarge = result.reason === 'too_large'
    const outcome = isTooLarge ? 'too_large' : 'no_answer'
    return { kind: 'failed', outcome, error: result.message, isFinal: isTooLarge }
  }
  const { status, retryAfterMs } = result
  const retryWith = (outcome: FetchOutcome, error: string): Judgement => ({
    kind: 'failed',
    outcome,
    error,
    isFinal: false,
    afterMs: retryAfterMs ?? undefined,
  })
  if (status >= 200 && status < 300) return { kind: 'read', outcome: 'found', text: result.text }
  if (status === 404 || status === 410) {
    if (isRecord) return { kind: 'gone', outcome: 'gone' }
    return retryWith('not_found', `the API does not know what is asked for (${status})`)
  }
  if (status === 401 || status === 403) {
    return retryWith('unauthorized', `the API refuses the credentials (${status}): check ${credentials}`)
  }
  if (status === 429) return retryWith('rate_limited', 'the API limits the rate (429)')
  if (status === 408 || status === 425 || status >= 500) return retryWith('server_error', `the API answered ${status}`)
  return { kind: 'failed', outcome: 'rejected', error: `the API answered ${status}`, isFinal: true }
}
