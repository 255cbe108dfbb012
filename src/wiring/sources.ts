import { type LoadedConfig, readConfigFile, type ValidPart } from '../config/load.ts'
import { configError, isFromVariable, type origins } from '../config/origins.ts'
import type { DestinationConfig, SourceConfig } from '../config/schema.ts'
import { secretsOfSource } from '../config/secrets.ts'
import { sourceUrl } from '../config/source-url.ts'
import type { Environment } from '../config/substitute.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import { createFixedWindow } from '../domain/fixed-window.ts'
import { createIngestClient } from '../ingest/client/client.ts'
import { credentialsFingerprint } from '../ingest/client/fingerprint.ts'
import { varsFromVariables } from '../mapping/definition/vars.ts'
import { bindMapper } from '../mapping/library/bind.ts'
import { type MapperLibrary, readMappers } from '../mapping/library/load.ts'
import type { Mapper } from '../mapping/mapper.ts'
import { type Finding, isWithin } from '../mistakes/issue.ts'
import { nameWords } from '../mistakes/schema-mistakes.ts'
import type { Destination } from '../stages/destination.ts'
import { createStorableHeaders } from '../stages/receive/storable-headers.ts'
import type { MappingSource, Source, SourceRateLimit } from '../stages/source.ts'
import { createAllowed } from '../verify/allowed-addresses.ts'
import { createSigner, createVerifier } from '../verify/verifier.ts'
import { endpointsOf } from './endpoints.ts'
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
  const { config, findings, part } = readConfigFile(file, env)
  if (findings.length === 0) return { config, file }
  const { findings: wired } = await composeAll(part, composeWith(Date.now))
  throw configError(part, [
    ...findings,
    ...wired.filter((one) => !followsFrom(one, findings)),
    ...endpointsOf(part).findings,
  ])
}

/** Whether a mistake of the wiring may only come from one that was found before. */
function followsFrom({ path }: Finding, findings: readonly Finding[]): boolean {
  const [, source] = /^(sources\..+)\.(secret|mapper|verify)$/.exec(path) ?? []
  if (source === undefined) return false
  if (path.endsWith('.mapper')) return findings.some((one) => one.path === 'mappers_dir' || one.meant === 'mappers_dir')
  return findings.some(
    (one) => /\.(secret|verify)\b/.test((one.meant ?? one.path).slice(source.length)) && isWithin(one.path, source),
  )
}

/** Mappers and sources, everything compiled and checked. Throws RelayError `invalid` with every mistake. */
export async function composeSources(config: SourcesPart, now: () => number = Date.now): Promise<Parts> {
  return soundParts(config, await composeAll(config, composeWith(now)))
}

type SourcesPart = Pick<ValidPart, 'sources' | 'mappers_dir' | 'server' | typeof origins>

function composeWith(now: () => number): Compose<Source> {
  return (context) => composeSource(context, now)
}

/** Sources as far as mapping goes: no secret is needed, and no API of a CMS. Throws RelayError `invalid` with every mistake. */
export async function composeMappings(config: SourcesPart): Promise<ReadonlyMap<string, MappingSource>> {
  return soundParts(config, await composeAll(config, composeMapping)).sources
}

/** The sender of a source's webhooks: what its mapper reads, and how it signs. */
export interface Sender {
  readonly mapper: Mapper
  readonly scheme: string
  readonly sign: ReturnType<typeof createSigner>
}

/** The sender of one source; other sources may have mistakes. Throws RelayError `invalid` with every mistake in this one. */
export async function composeSender(config: SourcesPart, name: string): Promise<Sender> {
  const one = { ...config, sources: { [name]: config.sources[name]! } }
  return soundParts(one, await composeAll(one, composeSenderOf)).sources.get(name)!
}

function composeSenderOf(context: SourceContext): Sender | null {
  const { name, settings, url, mappers, findings } = context
  const mapping = composeMapping(context)
  if (!mapping) return null
  const path = `sources.${name}`
  const verify = verifyConfigOf(settings, mappers.get(settings.mapper)?.verify, path, findings, undefined, url)
  const sign = verify && tried(findings, `${path}.secret`, () => createSigner(verify, secretsOfSource(settings)))
  return verify && sign && { mapper: mapping.mapper, scheme: verify.scheme, sign }
}

/** What was composed, if nothing is wrong with it. */
export function soundParts<T extends { readonly findings: readonly Finding[] }>(config: SourcesPart, parts: T): T {
  if (parts.findings.length > 0) throw configError(config, parts.findings)
  return parts
}

interface SourceContext {
  readonly name: string
  readonly settings: SourceConfig
  /** Where the CMS sends, if that is known. */
  readonly url: string | undefined
  readonly mappers: MapperLibrary
  readonly findings: Finding[]
  /** Whether a value is what a variable gave: text, whatever the mapper wants. */
  readonly isFromVariable: (path: string) => boolean
}

type Compose<T> = (context: SourceContext) => T | null

/** As `composeSources`, with the mistakes instead of an error. */
export function readSources(config: SourcesPart, now: () => number) {
  return composeAll(config, composeWith(now))
}

async function composeAll<T>(config: SourcesPart, compose: Compose<T>) {
  const { library: mappers, issues, unread } = await readMappers({ userDir: config.mappers_dir })
  const findings: Finding[] = [...issues]
  const sources = new Map<string, T>()
  const root = config.server.public_url
  for (const [name, settings] of Object.entries(config.sources)) {
    // A mapper with mistakes has told them.
    if (unread.includes(settings.mapper) || !isSound(settings.mapper, mappers)) continue
    // One that is not there may be in a folder that could not be read.
    if (!mappers.names.includes(settings.mapper) && issues.some(({ path }) => path === 'mappers_dir')) continue
    const source = compose({
      name,
      settings,
      url: root === undefined ? undefined : sourceUrl(root, name),
      mappers,
      findings,
      isFromVariable: (path) => isFromVariable(config, path),
    })
    if (source) sources.set(name, source)
  }
  return { mappers, sources, findings }
}

/** Whether asking for a mapper tells of no mistakes in it; one that is not there has none. */
function isSound(mapper: string, mappers: MapperLibrary): boolean {
  try {
    mappers.get(mapper)
    return true
  } catch (error) {
    if (error instanceof RelayError) return false
    throw error
  }
}

function composeSource(context: SourceContext, now: () => number): Source | null {
  const { name, settings, url, mappers, findings } = context
  const path = `sources.${name}`
  const mapping = composeMapping(context)
  const definition = mappers.get(settings.mapper)
  if (!definition) {
    // What the source itself says of it needs no mapper.
    if (typeof settings.verify === 'object' && settings.verify.scheme)
      verifyConfigOf(settings, undefined, path, findings, undefined, url)
    return null
  }
  const verifyConfig = verifyConfigOf(settings, definition.verify, path, findings, definition, url)
  const verifier = tried(findings, `${path}.secret`, () => {
    return verifyConfig === null ? null : createVerifier(verifyConfig, secretsOfSource(settings))
  })
  if (!mapping || !verifier) return null
  const { mapper } = mapping
  const { enabled, silent_after: silentAfter } = settings
  const fetch = composeFetch(path, settings.fetch, mapper, now, findings)
  const rateLimit = rateLimitOf(settings, now)
  const isAllowed = settings.allow_from === undefined ? null : createAllowed(settings.allow_from)
  const storableHeaders = createStorableHeaders(mapper.headers, verifier.proofHeaders)
  return { ...mapping, enabled, silentAfter, verifier, storableHeaders, isAllowed, rateLimit, fetch }
}

function composeMapping({
  name,
  settings,
  mappers,
  findings,
  isFromVariable: isText,
}: SourceContext): MappingSource | null {
  const path = `sources.${name}`
  const definition = mappers.get(settings.mapper)
  if (!definition) {
    findings.push({
      path: `${path}.mapper`,
      message: nameWords('there is no such mapper', settings.mapper, mappers.names),
    })
    return null
  }
  const { models, html, destination, max_clock_lead: maxClockLeadMs } = settings
  const vars = varsFromVariables(settings.vars, definition.vars, (one) => isText(`${path}.vars.${one}`))
  const mapper = tried(findings, path, () => bindMapper(definition, { source: name, vars, models, html }))
  return mapper && { name, mapper, destinations: [...new Set([destination].flat())], maxClockLeadMs }
}

function rateLimitOf({ rate_limit: limit }: SourceConfig, now: () => number): SourceRateLimit | null {
  if (!limit) return null
  const { max, window: windowMs } = limit
  return { max, windowMs, pass: createFixedWindow({ max, windowMs, now }) }
}

/** The mistakes of a part join the others; anything else that is thrown is a bug. */
function tried<T>(findings: Finding[], path: string, make: () => T): T | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const own = (error.details['issues'] as readonly Finding[] | undefined) ?? []
    findings.push(...(own.length > 0 ? own : [{ path, message: messageOf(error) }]))
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
