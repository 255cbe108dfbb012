import { saidIn } from '../../shared/relay-refusal.ts'
import type { WebhookAnswer } from './post.ts'

interface Refused {
  readonly answer: WebhookAnswer
  readonly source: string
  readonly scheme: string
}

/** Why a relay has refused a webhook, and what to do. */
export function describeRefusal({ answer, source, scheme }: Refused): string {
  const { status, retryAfter } = answer
  const said = wordsOf(answer)
  const later = `send it again ${retryAfter === null ? 'later' : `in ${retryAfter} s`}`
  return `the relay answers ${status}${said === '' ? '' : `: ${said}`}; ${cureOf(status, { source, scheme, later })}`
}

function cureOf(status: number, { source, scheme, later }: { source: string; scheme: string; later: string }): string {
  switch (status) {
    case 401:
      return `it runs with another secret, verify or allow_from for '${source}' than the configuration that signed it (${scheme}), or its clock is off: cms-relay reload, or --config with the file that it runs with`
    case 404:
      return `it knows no source '${source}', or has it off: cms-relay reload, or sources.${source}.enabled: true`
    case 413:
      return 'raise server.body_limit, or send less'
    case 429:
      return `sources.${source}.rate_limit or too many unverified webhooks from here: ${later}`
    case 503:
      return `it is starting, stopping or busy, or its disk is full: cms-relay status and its log tell; ${later}`
    default:
      return status >= 500
        ? 'its log tells why'
        : 'compare it with what the CMS sends: cms-relay map shows how it is read'
  }
}

/** The words of the relay; a proxy in between has other ones. */
function wordsOf({ text }: WebhookAnswer): string {
  return saidIn(text) ?? (text.trim() === '' ? '' : 'not an answer of cms-relay')
}
