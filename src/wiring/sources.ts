import { ConfigError, type LoadedConfig, loadConfig, type ValidPart } from '../config/load.ts'
import type { DestinationConfig, SourceConfig } from '../config/schema.ts'
import { secretsOfSource } from '../config/secrets.ts'
import type { Environment, Issue } from '../config/substitute.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import { createFixedWindow } from '../domain/fixed-window.ts'
import { createIngestClient } from '../ingest/client/client.ts'
import { credentialsFingerprint } from '../ingest/client/fingerprint.ts'
import { bindMapper } from '../mapping/library/bind.ts'
import { type MapperLibrary, readMappers } from '../mapping/library/load.ts'
import type { Destination } from '../stages/destination.ts'
import { createStorableHeaders } from '../stages/receive/storable-headers.ts'
import type { MappingSource, Source, SourceRateLimit } from '../stages/source.ts'
import { createAllowed } from '../verify/allowed-addresses.ts'
import { createVerifier } from '../verify/verifier.ts'
import { composeFetch } from './fetch.ts'
import { verifyConfigOf } from './verify.ts'

export interface Parts {
  readonly mappers: MapperLibrary
  readonly sources: ReadonlyMap<string, Source>
}

/**
 * Reads a configuration. If it has mistakes, those in what is wired to what (mappers, vars, models, verification) are
 * looked for as well, so that a person is told of all at once.
 */
export async function loadWholeConfig(file: string | null, env: Environment): Promise<LoadedConfig> {
  try {
    return loadConfig(file, env)
  } catch (error) {
    if (!(error instanceof ConfigError) || error.validPart === null) throw error
    const more = await composeSources(error.validPart).then(
      () => [],
      (wiring: unknown) => (wiring instanceof RelayError ? issuesIn(wiring) : []),
    )
    throw new ConfigError(error.where, [...error.issues, ...more])
  }
}

function issuesIn(error: RelayError): readonly Issue[] {
  return (error.details['issues'] as readonly Issue[] | undefined) ?? []
}

/** Mappers and sources, everything compiled and checked. Throws RelayError `invalid` with every mistake. */
export function composeSources(config: ValidPart, now: () => number = Date.now): Promise<Parts> {
  return composeAll(config, (name, settings, mappers, issues) => composeSource(name, settings, mappers, now, issues))
}

/** Sources as far as mapping goes: no secret is needed, and no API of a CMS. Throws RelayError `invalid` with every mistake. */
export async function composeMappings(config: ValidPart): Promise<ReadonlyMap<string, MappingSource>> {
  return (await composeAll(config, composeMapping)).sources
}

type Compose<T> = (name: string, settings: SourceConfig, mappers: MapperLibrary, issues: Issue[]) => T | null

async function composeAll<T>(config: ValidPart, compose: Compose<T>) {
  const { library: mappers, issues: inMappers } = await readMappers({ userDir: config.mappers_dir })
  const issues: Issue[] = [...inMappers]
  const sources = new Map<string, T>()
  for (const [name, settings] of Object.entries(config.sources)) {
    // A mapper with mistakes has told them; one that is not there may be in a file that could not be read.
    if (inMappers.length > 0 && !isSound(settings.mapper, mappers)) continue
    const source = compose(name, settings, mappers, issues)
    if (source) sources.set(name, source)
  }
  if (issues.length > 0) throw new ConfigError('configuration', issues)
  return { mappers, sources }
}

function isSound(mapper: string, mappers: MapperLibrary): boolean {
  try {
    return mappers.get(mapper) !== undefined
  } catch (error) {
    if (error instanceof RelayError) return false
    throw error
  }
}

function composeSource(
  name: string,
  settings: SourceConfig,
  mappers: MapperLibrary,
  now: () => number,
  issues: Issue[],
): Source | null {
  const path = `sources.${name}`
  const mapping = composeMapping(name, settings, mappers, issues)
  const definition = mappers.get(settings.mapper)
  if (!definition) return null
  const verifyConfig = verifyConfigOf(settings, definition.verify, path, issues)
  const verifier = tried(issues, `${path}.secret`, () => {
    return verifyConfig === null ? null : createVerifier(verifyConfig, secretsOfSource(settings))
  })
  if (!mapping || !verifier) return null
  const { mapper } = mapping
  const { enabled, silent_after: silentAfter } = settings
  const fetch = composeFetch(path, settings.fetch, mapper, now, issues)
  const rateLimit = rateLimitOf(settings, now)
  const isAllowed = settings.allow_from === undefined ? null : createAllowed(settings.allow_from)
  const storableHeaders = createStorableHeaders(mapper.headers, verifier.proofHeaders)
  return { ...mapping, enabled, silentAfter, verifier, storableHeaders, isAllowed, rateLimit, fetch }
}

function composeMapping(
  name: string,
  settings: SourceConfig,
  mappers: MapperLibrary,
  issues: Issue[],
): MappingSource | null {
  const path = `sources.${name}`
  const definition = mappers.get(settings.mapper)
  if (!definition) {
    const known = mappers.names.join(', ')
    issues.push({ path: `${path}.mapper`, message: `there is no such mapper (there is ${known})` })
    return null
  }
  const { vars, models, html, destination, max_clock_lead: maxClockLeadMs } = settings
  const mapper = tried(issues, path, () => bindMapper(definition, { source: name, vars, models, html }))
  return mapper && { name, mapper, destinations: [...new Set([destination].flat())], maxClockLeadMs }
}

function rateLimitOf({ rate_limit: limit }: SourceConfig, now: () => number): SourceRateLimit | null {
  if (!limit) return null
  const { max, window: windowMs } = limit
  return { max, windowMs, pass: createFixedWindow({ max, windowMs, now }) }
}

/** The mistakes of a part join the others; anything else that is thrown is a bug. */
function tried<T>(issues: Issue[], path: string, make: () => T): T | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const own = issuesIn(error)
    issues.push(...(own.length > 0 ? own : [{ path, message: messageOf(error) }]))
    return null
  }
}

/** A destination ready for work, with its connections. */
export function composeDestination(name: string, config: DestinationConfig, now: () => number): Destination {
  const { delivery, retry } = config
  return {
    name,
    enabled: config.enabled,
    websiteId: config.website_id,
    credentials: credentialsFingerprint(config.token, config.website_id),
    rules: { siteDomain: config.site_domain, aliases: config.aliases, defaultLanguage: config.default_language },
    debounce: { debounceMs: delivery.debounce, maxWaitMs: delivery.max_wait },
    maxItems: delivery.max_items,
    maxBytes: delivery.max_bytes,
    concurrency: delivery.concurrency,
    timeoutMs: delivery.timeout,
    backoff: { baseMs: retry.base, capMs: retry.cap },
    maxAgeMs: retry.max_age,
    client: createIngestClient({
      baseUrl: config.base_url,
      token: config.token,
      websiteId: config.website_id,
      siteDomain: config.site_domain,
      connectorType: config.connector_type,
      connectorVersion: config.connector_version,
      timeoutMs: delivery.timeout,
      connections: delivery.concurrency,
      now,
    }),
  }
}
