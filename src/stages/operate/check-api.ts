import { type FetchOutcome, judge } from '../../cms-api/outcome.ts'
import { readJson } from '../../json/read.ts'
import type { ApiCheck } from '../../mapping/mapper.ts'
import type { SourceFetch } from '../source.ts'

/** What the check of a CMS's API says of a source's settings. */
export interface ApiVerdict {
  /** `unclear`: nothing that speaks against the settings, such as a rate limit. */
  readonly verdict: 'good' | 'unclear' | 'bad'
  readonly outcome: FetchOutcome
  readonly message: string
  readonly cure: string | null
}

interface CheckedSource {
  readonly name: string
  readonly check: ApiCheck
  readonly fetch: Pick<SourceFetch, 'client' | 'credentials'>
}

/**
 * Asks the API of a CMS what its mapper has for this, once; null if the source's vars leave nothing to check. Throws RelayError
 * `invalid` if the request can't be made up.
 */
export async function checkApi(
  { name, check, fetch }: CheckedSource,
  signal?: AbortSignal,
): Promise<ApiVerdict | null> {
  const request = await check.request()
  if (request === null) return null
  const judgement = judge(await fetch.client.send(request, signal), request, fetch.credentials)
  const baseUrl = `check sources.${name}.fetch.base_url, or the vars that make it`
  if (judgement.kind === 'read') {
    const problem = await problemOf(judgement.text, check)
    if (problem !== null) return { verdict: 'bad', outcome: 'not_json', message: problem, cure: baseUrl }
    return { verdict: 'good', outcome: 'found', message: 'the API answers as it should', cure: null }
  }
  const { outcome } = judgement
  const message = judgement.kind === 'gone' ? 'the API does not know what is asked for' : judgement.error
  switch (outcome) {
    case 'unauthorized':
      return { verdict: 'bad', outcome, message, cure: check.needs === null ? null : `it needs ${check.needs}` }
    case 'rate_limited':
    case 'server_error':
    case 'too_large':
      return { verdict: 'unclear', outcome, message, cure: 'try again later' }
    case 'no_answer':
      return { verdict: 'bad', outcome, message, cure: `${baseUrl}; then the network and its proxy` }
    default:
      return { verdict: 'bad', outcome, message, cure: baseUrl }
  }
}

/** Why an answer is none of the API; null if it is one. */
async function problemOf(text: string, check: ApiCheck): Promise<string | null> {
  let body: unknown
  try {
    body = readJson(text)
  } catch {
    return 'the answer is a page or other text, not JSON'
  }
  return (await check.isExpected(body)) ? null : 'the answer is JSON, but not what this API answers'
}
