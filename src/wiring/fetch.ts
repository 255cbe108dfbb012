import { createFetchClient, type FetchClientOptions } from '../cms-api/client.ts'
import type { SourceConfig } from '../config/schema.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import type { FetchNeeds } from '../domain/fetch.ts'
import type { Mapper } from '../mapping/mapper.ts'
import type { Finding } from '../mistakes/issue.ts'
import type { SourceFetch } from '../stages/source.ts'

/** How a source asks the API of its CMS; null if its mapper never does, or the settings have mistakes. */
export function composeFetch(
  path: string,
  settings: SourceConfig['fetch'],
  mapper: Mapper,
  now: () => number,
  findings: Finding[],
): SourceFetch | null {
  const report = (key: string, message: string, discreet?: string) =>
    void findings.push({ path: `${path}.fetch.${key}`, message, ...(discreet !== undefined && { discreet }) })
  const { fetch: needs } = mapper
  if (needs === null) {
    for (const key of settingsIn(settings))
      report(key, `mapper '${mapper.name}' asks no API: its webhooks hold their records`)
    return null
  }
  const baseUrl = settings.base_url ?? needs.baseUrl
  if (baseUrl === null) report('base_url', `mapper '${mapper.name}' asks the API of the CMS: say where it is`)
  const credentials = credentialsOf(settings, needs, mapper.name, report)
  if (baseUrl === null || credentials === null) return null
  const { allow_private: allowPrivate, timeout: timeoutMs, max_bytes: maxBytes, concurrency } = settings
  try {
    return {
      client: createFetchClient({
        baseUrl,
        ...credentials,
        allowPrivate,
        timeoutMs,
        maxBytes,
        connections: concurrency,
        now,
      }),
      concurrency,
      maxAgeMs: settings.max_age,
      maxLagMs: settings.max_lag,
      credentials: `${path}.fetch.${settings.token === undefined ? 'headers and query' : 'token'}`,
    }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const hint = messageOf(error).includes('private address') ? '; `allow_private: true` allows it' : ''
    report('base_url', messageOf(error) + hint, `nothing is fetched from such an address${hint}`)
    return null
  }
}

type Report = (key: string, message: string, discreet?: string) => void

/** Query and headers of every request, with the token where the mapper says that it goes. */
function credentialsOf(
  { token, query, headers }: SourceConfig['fetch'],
  { token: place }: FetchNeeds,
  mapper: string,
  report: Report,
): Pick<FetchClientOptions, 'query' | 'headers'> | null {
  const own = {
    query,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  }
  if (place === null) {
    if (token !== undefined) report('token', `mapper '${mapper}' does not say where it goes: use headers or query`)
    return token === undefined ? own : null
  }
  if (token === undefined) {
    const isGiven = Object.hasOwn(own.query, place.query ?? '') || Object.hasOwn(own.headers, place.header ?? '')
    if (place.required && !isGiven)
      report('token', `mapper '${mapper}' requires it: the API answers nobody without one`)
    return place.required && !isGiven ? null : own
  }
  if (place.query !== undefined) return { ...own, query: { ...own.query, [place.query]: token } }
  return { ...own, headers: { ...own.headers, [place.header ?? '']: place.prefix + token } }
}

function settingsIn({ base_url, token, query, headers }: SourceConfig['fetch']): readonly string[] {
  const given = { base_url, token, query: Object.keys(query)[0], headers: Object.keys(headers)[0] }
  return Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [key]))
}
