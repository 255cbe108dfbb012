import { nearestName } from '../../domain/nearest-name.ts'
import type { Signal } from '../../domain/signal.ts'
import type { Line } from './line.ts'
import type { Surroundings } from './surroundings.ts'

type Refused = Extract<Signal, { kind: 'webhook.refused' }>

const statuses: Readonly<Record<string, string>> = {
  invalid: '400',
  unauthorized: '401',
  address: '401',
  not_found: '404',
  too_large: '413',
  unsupported: '415',
  rate_limited: '429',
  unavailable: '503',
  overloaded: '503',
}

/** A webhook that was refused, with what its receiver can do: the sender sees only a status. */
export function refusalLine({ source, code, reason }: Refused, around: Surroundings): Line {
  const status = statuses[code] ?? code
  const subject = source ?? 'relay'
  const line = { level: 'warn', mark: 'error', subject, like: `${code} ${source}` } as const
  const unverified = /^webhook of source '[^']*' is not verified: (.*)$/s.exec(reason)?.[1]
  if (unverified !== undefined && source !== null) {
    const { words, cure } = proofTexts(source, unverified, around.proofOf(source))
    const isSlowed = code === 'rate_limited'
    return {
      ...line,
      outcome: isSlowed ? `429 ${words}, too often` : `${status} ${words}`,
      detail: unverified,
      cure,
      like: `${code} ${source} ${words}`,
    }
  }
  switch (code) {
    case 'not_found':
      return { ...line, ...unknownTexts(source, reason, around) }
    case 'address':
      return {
        ...line,
        outcome: '401 from an address that is not in allow_from',
        cure: `if it is the CMS, add its address to sources.${source}.allow_from; behind a proxy, set server.trust_proxy`,
      }
    case 'invalid':
      if (!reason.startsWith('https came')) return { ...line, outcome: status, detail: reason }
      return {
        ...line,
        outcome: '400 https, and this port speaks http',
        cure: 'write http:// in the CMS, or put a proxy with a certificate in front',
      }
    case 'too_large':
      return { ...line, outcome: '413 too large', detail: reason, cure: 'raise server.body_limit if it is wanted' }
    case 'rate_limited':
      return { ...line, level: 'debug', outcome: '429', detail: reason } // `webhook.rate_limited` tells of it, with the number
    case 'overloaded':
      return { ...line, outcome: '503 too much at once', detail: reason, cure: 'the sender has been told to try again' }
    case 'unavailable':
      return { ...line, outcome: '503 not kept', detail: reason, cure: 'the sender has been told to try again' }
    default:
      return { ...line, outcome: status, detail: reason }
  }
}

function proofTexts(source: string, reason: string, proof: 'secret' | 'signature') {
  const secret = `sources.${source}.secret`
  if (/ old$| old\b.*(limit|tolerance|than)|in the future|expired|timestamp/.test(reason)) {
    return { words: 'not of this time', cure: "compare the clock of this machine with the sender's" }
  }
  if (/someone else/.test(reason)) {
    return {
      words: 'meant for someone else',
      cure: `compare the ids in sources.${source}.verify with those of the CMS`,
    }
  }
  if (/does not match/.test(reason)) {
    return {
      words: `wrong ${proof}`,
      cure: `is ${secret} the one that the CMS ${proof === 'secret' ? 'sends' : 'signs with'}?`,
    }
  }
  const cure =
    proof === 'secret'
      ? `set the CMS to send ${secret}`
      : `set a secret in the webhook settings of the CMS, the same as ${secret}`
  return { words: `no valid ${proof}`, cure }
}

function unknownTexts(
  source: string | null,
  reason: string,
  around: Surroundings,
): Pick<Line, 'outcome' | 'cure' | 'like'> {
  if (source !== null) {
    return {
      outcome: '404 the source is off',
      cure: `take \`enabled: false\` out of sources.${source} to receive again`,
    }
  }
  const asked = /^unknown source '(.*)'$/s.exec(reason)?.[1]
  const known = around.sources()
  if (asked === undefined) {
    const path = /^no route POST (.*)$/s.exec(reason)?.[1]
    const outcome = path === undefined ? '404' : `404 no source is at ${path}`
    return { outcome, cure: `webhooks go to /webhooks/${known.length === 1 ? known[0] : 'SOURCE'}`, like: '404' }
  }
  const near = nearestName(asked, known)
  const list = known.length > 0 && known.length <= 8 ? `sources here are ${known.join(', ')}` : 'see `cms-relay check`'
  const cure = near === null ? list : `did you mean /webhooks/${near}?`
  return { outcome: `404 there is no source '${asked}'`, cure, like: '404' }
}
