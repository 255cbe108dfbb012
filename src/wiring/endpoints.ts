import type { ValidPart } from '../config/load.ts'
import { configError, type origins } from '../config/origins.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import { createPostClient } from '../http-client/post.ts'
import type { Finding } from '../mistakes/issue.ts'
import type { Endpoint } from '../stages/notify/notify.ts'

type SignalsPart = Pick<ValidPart, 'signals' | typeof origins>

/** Where the operator wants to be told of signals. Throws RelayError `invalid` with every url that is never asked. */
export function composeEndpoints(config: SignalsPart, now: () => number = Date.now): readonly Endpoint[] {
  const { endpoints, findings } = endpointsOf(config, now)
  if (findings.length > 0) throw configError(config, findings)
  return endpoints
}

/** As `composeEndpoints`, with the mistakes instead of an error. */
export function endpointsOf({ signals }: { readonly signals: ValidPart['signals'] }, now: () => number = Date.now) {
  const findings: Finding[] = []
  const endpoints = signals.flatMap((settings, index): Endpoint[] => {
    if (settings === null) return [] // one with mistakes that were told
    const { url, secret, types, allow_private: allowPrivate, timeout: timeoutMs } = settings
    const name = `signals[${index}]`
    try {
      const client = createPostClient({ url, allowPrivate, timeoutMs, now })
      return [{ name, types: new Set(types), secrets: [secret].flat(), client, timeoutMs }]
    } catch (error) {
      if (!(error instanceof RelayError)) throw error
      findings.push({ path: `${name}.url`, message: messageOf(error), discreet: 'nothing is sent to such an address' })
      return []
    }
  })
  return { endpoints, findings }
}
