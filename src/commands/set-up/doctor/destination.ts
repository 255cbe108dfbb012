import { randomUUID } from 'node:crypto'
import type { DestinationConfig } from '../../../config/schema.ts'
import { isLoopback } from '../../../http-client/loopback.ts'
import { testCall } from '../../../stages/deliver/test-call.ts'
import { composeDestination } from '../../../wiring/sources.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'

/** Beyond this a clock is worth a look. The relay corrects it from a minute on; the ingest API refuses what is five minutes off. */
const noticeableSkewMs = 30_000

/** Calls a destination once, with a signed heartbeat, and compares the clocks. */
export function checkDestination(name: string, settings: DestinationConfig, now: () => number): Check {
  const { good, warning, bad } = diagnosing('destination', name)
  const path = `destinations.${name}`

  async function run(signal: AbortSignal): Promise<readonly Diagnosis[]> {
    if (!settings.enabled) return [warning('it is off by the configuration: its items wait', `${path}.enabled: true`)]
    const destination = composeDestination(name, settings, now)
    let skewMs: number | null = null
    const client: typeof destination.client = {
      ...destination.client,
      async send(call, cut) {
        const answer = await destination.client.send(call, cut)
        if (answer.kind === 'answer' && answer.date !== null) skewMs ??= answer.date - now()
        return answer
      },
    }
    const deps = { destination: { client, websiteId: settings.website_id }, skewMs: 0, now, newId: randomUUID }
    const { result, status, error } = await testCall(deps, signal)
    void destination.client.close()
    return [judged(result, status, error ?? ''), ...(skewMs === null ? [] : [clockOf(skewMs)])]
  }

  function judged(result: string, status: number | null, error: string): Diagnosis {
    const { base_url: url } = settings
    if (result === 'accepted') return good(`${url} answers a signed heartbeat`)
    if (result === 'refused') {
      return bad(`refuses the heartbeat: ${error}`, `check ${path}.token, website_id and site_domain`)
    }
    if (status === null) {
      const cure = isLoopback(new URL(url).hostname)
        ? 'or start `cms-relay sandbox` there'
        : 'the network and its proxy'
      return bad(`can't be reached: ${error}`, `check ${path}.base_url (${url}), ${cure}`)
    }
    if (status >= 500 || status === 429)
      return warning(`answers, and can't take calls now: ${error}`, 'try again later')
    return bad(`${url} is no ingest API: ${error}`, `check ${path}.base_url`)
  }

  function clockOf(skewMs: number): Diagnosis {
    const clock = diagnosing('clock', name)
    const words = `${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs > 0 ? 'behind' : 'ahead of'} that of the ingest API`
    if (Math.abs(skewMs) < noticeableSkewMs) return clock.good('agrees with that of the ingest API')
    return clock.warning(`is ${words}`, 'keep it in time with NTP (timedatectl shows whether it is)')
  }

  return { check: 'destination', name, run }
}
