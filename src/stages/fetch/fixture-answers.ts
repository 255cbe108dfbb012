import { judge } from '../../cms-api/outcome.ts'
import { type FetchAnswer, type FetchAnswers, type FetchRequest, fetchText } from '../../domain/fetch.ts'
import { readJson } from '../../json/read.ts'

/** What the API of a CMS answers in a fixture. */
export interface FixtureAnswer {
  readonly method?: string | undefined
  /** Path and query below the base url, without credentials; it need not be encoded. */
  readonly url: string
  readonly status?: number | undefined
  readonly body?: unknown
}

/** The answers of a fixture, as those of the API itself would be taken: for a dry run without a network. */
export function fixtureAnswers(fetched: readonly FixtureAnswer[]): FetchAnswers {
  const byText = new Map(fetched.map((answer) => [keyOf({ method: 'GET', ...given(answer) }), answer]))
  return (request) => {
    const answer = byText.get(keyOf(request))
    return answer && answerOf(answer, request)
  }
}

function given({ method, url }: FixtureAnswer): { method?: string; url: string } {
  return method === undefined ? { url } : { method: method.toUpperCase(), url }
}

function answerOf({ status = 200, body }: FixtureAnswer, request: FetchRequest): FetchAnswer {
  const text = JSON.stringify(body) ?? ''
  const judgement = judge({ kind: 'answer', status, text, retryAfterMs: null, durationMs: 0 }, request, 'fetch.token')
  if (judgement.kind === 'gone') return { kind: 'gone' }
  if (judgement.kind === 'failed') return { kind: 'failed', error: `${fetchText(request)}: ${judgement.error}` }
  return { kind: 'found', body: readJson(text) }
}

function keyOf({ method, url }: { readonly method: string; readonly url: string }): string {
  const plain = url.replaceAll('+', ' ')
  try {
    return `${method} ${decodeURIComponent(plain)}`
  } catch {
    return `${method} ${plain}`
  }
}
