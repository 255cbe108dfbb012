import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { isObject } from '../json/kind.ts'
import type { Finding } from '../mistakes/issue.ts'
import { findingsOf, nameWords } from '../mistakes/schema-mistakes.ts'
import { readYamlFile, shownFile, type YamlFile } from '../mistakes/yaml-file.ts'
import { publicUrl } from '../verify/settings.ts'
import { readDotEnv } from './dot-env.ts'
import { parseFilled } from './fit.ts'
import { dangerousMistakes } from './mistakes.ts'
import { ConfigError, configError, type HasOrigins, type Origins, origins } from './origins.ts'
import { type Config, configSchema, signalSchema, sourceSchema } from './schema.ts'
import { type Uses, withStandIns } from './stand-ins.ts'
import { type Environment, substitute } from './substitute.ts'

export interface LoadedConfig {
  readonly config: Config
  /** The file it came from; null if there is none. */
  readonly file: string | null
}

/** The file to read: `--config`, else `RELAY_CONFIG`, else `./relay.yaml` if present, else null. */
export function findConfigFile(flag: string | undefined, env: Environment, cwd = process.cwd()): string | null {
  const named = flag ?? (env['RELAY_CONFIG'] || undefined)
  if (named !== undefined) return resolve(cwd, named)
  const usual = resolve(cwd, 'relay.yaml')
  return existsSync(usual) ? usual : null
}

/**
 * Reads, fills in and checks a configuration. Throws RelayError `invalid` with every mistake in `details.issues`. With `uses`, a
 * variable that is not set is a mistake only in a setting that the caller uses.
 */
export function loadConfig(file: string | null, env: Environment, uses?: Uses): LoadedConfig {
  const read = readConfigFile(file, env, uses)
  if (read.findings.length > 0) throw configError(read.part, read.findings)
  return { config: read.config, file }
}

/** As `loadConfig`, from a document that is already parsed. `file` is where relative paths start. */
export function readConfig(document: unknown, env: Environment, file: string | null = null): Config {
  const read = readDocument({ document: document ?? {}, env, file, yaml: null, found: [] })
  if (read.findings.length > 0) throw configError(read.part, read.findings)
  return read.config
}

/** What can be looked at further in a configuration with mistakes elsewhere. */
export interface ValidPart extends Pick<Config, 'sources' | 'mappers_dir'>, HasOrigins {
  readonly server: Pick<Config['server'], 'public_url'>
  /** In their places; null for one that is of no use. */
  readonly signals: readonly (Config['signals'][number] | null)[]
}

export interface ReadConfig {
  /** Fit for use only if nothing was found. */
  readonly config: Config
  readonly findings: readonly Finding[]
  readonly part: ValidPart
}

/** Reads a configuration, and tells what is wrong with it for callers that have more to look at. Throws if it is no YAML. */
export function readConfigFile(file: string | null, env: Environment, uses?: Uses): ReadConfig {
  const { values, findings: found } = readDotEnv(file)
  const merged = { ...values, ...env }
  if (file === null) return readDocument({ document: {}, env: merged, file, yaml: null, found })
  const read = readYamlFile(file)
  if (!read.ok) throw new ConfigError(shownFile(file), [read.issue])
  const { yaml } = read
  const document = yaml.content ?? (merged['BAINQUET_CONNECTOR_TOKEN'] ? {} : null)
  const mistake = mistakeOfForm(document)
  if (mistake !== null)
    throw new ConfigError(shownFile(file), [{ path: '', message: mistake, file: yaml.name, line: 1, column: 1 }])
  return readDocument({
    document: uses ? withStandIns(document, merged, uses) : document,
    env: merged,
    file,
    yaml,
    found,
  })
}

/** What is wrong with a file as a whole; null for a map, whatever is in it. */
function mistakeOfForm(document: unknown): string | null {
  if (isObject(document)) return null
  if (document === null) return 'is empty: `cms-relay init` writes a configuration, examples/relay.yaml has all of it'
  const what = Array.isArray(document)
    ? 'a list: take the dashes away'
    : 'text: each line is a key, a colon, a space and a value'
  return `must be a map with keys such as destinations and sources, and is ${what}`
}

interface DocumentOptions {
  readonly document: unknown
  readonly env: Environment
  readonly file: string | null
  readonly yaml: YamlFile | null
  readonly found: readonly Finding[]
}

function readDocument({ document, env, file, yaml, found }: DocumentOptions): ReadConfig {
  const filled = substitute(document, env)
  const { document: complete, overrides } = overridden(filled.document, env)
  const { document: fitted, result } = parseFilled(configSchema, complete, filled.references)
  const known: Origins = { file, yaml, document: fitted, references: filled.references, overrides }
  const inSchema = result.success ? [] : findingsOf(result.error)
  const findings = [
    ...found,
    ...dangerousMistakes(fitted), // what they say is more than that a form is wrong
    ...filled.findings,
    ...inSchema,
    ...unknownDestinations(fitted, inSchema),
  ]
  const part = { ...atHome(validPartOf(fitted), file), [origins]: known }
  return { config: freeze({ ...atHome((result.data ?? {}) as Config, file), [origins]: known }), findings, part }
}

/** Looked for in the document as it is, so that a mistake elsewhere does not hide one here. */
function unknownDestinations(document: unknown, findings: readonly Finding[]): readonly Finding[] {
  if (!isObject(document) || !isObject(document['sources'])) return []
  // Without a map of destinations no name is known, and that is another mistake.
  if (findings.some(({ path, meant }) => path === 'destinations' || meant === 'destinations')) return []
  const known = isObject(document['destinations']) ? Object.keys(document['destinations']) : []
  const unknown = Object.entries(document['sources']).flatMap(([name, source]) => {
    const given: unknown = isObject(source) ? source['destination'] : undefined
    const path = `sources.${name}.destination`
    const targets = Array.isArray(given) ? given.map((one, index) => [`${path}[${index}]`, one]) : [[path, given]]
    return targets.flatMap(([at, target]) => {
      if (typeof target !== 'string' || target === '' || known.includes(target)) return []
      return [{ path: at as string, message: nameWords('there is no such destination', target, known) }]
    })
  })
  if (known.length > 0 || unknown.length === 0) return unknown
  return [
    {
      path: 'destinations',
      message: 'is required: sources name destinations, and none is configured',
      isMissing: true,
    },
  ]
}

/** Of each source what is left without its mistakes, so that these hide no others. */
function validPartOf(document: unknown): Omit<ValidPart, typeof origins> {
  const { server, sources, mappers_dir, signals } = isObject(document) ? document : {}
  const checked = Object.entries(isObject(sources) ? sources : {}).flatMap(([name, value]) => {
    const source = withoutMistakes(sourceSchema, value, { destination: 'any' })
    return source === null ? [] : [[name, source] as const]
  })
  const folder = typeof mappers_dir === 'string' && mappers_dir !== '' ? mappers_dir : undefined
  const url = publicUrl.safeParse(isObject(server) ? server['public_url'] : undefined).data
  const endpoints = (Array.isArray(signals) ? signals : []).map((one) => {
    return withoutMistakes(signalSchema, one, { secret: `whsec_${'A'.repeat(32)}` })
  })
  return { server: { public_url: url }, sources: Object.fromEntries(checked), mappers_dir: folder, signals: endpoints }
}

/** A part without its mistakes. What it then lacks is taken from `standIns`; null if that is not enough. */
function withoutMistakes<Schema extends z.ZodType>(
  schema: Schema,
  part: unknown,
  standIns: Raw,
): z.output<Schema> | null {
  let rest = part
  for (let round = 0; round < 3 && isObject(rest); round++) {
    const result = schema.safeParse(rest)
    if (result.success) return result.data
    for (const issue of result.error.issues) {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
      for (const path of paths) rest = withoutMember(rest, path)
    }
    rest = isObject(rest) ? { ...standIns, ...rest } : rest
  }
  return null
}

function withoutMember(value: unknown, [key, ...path]: readonly PropertyKey[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value
  // A list with one entry less is another list.
  if (Array.isArray(value)) return undefined
  const { [String(key)]: member, ...others } = value as Raw
  const inner = path.length === 0 ? undefined : withoutMember(member, path)
  return inner === undefined ? others : { ...others, [String(key)]: inner }
}

type Raw = Record<string, unknown>

/** The environment's overrides laid over the document, and the `BAINQUET_*` destination if the file names none. */
function overridden(
  document: unknown,
  env: Environment,
): { readonly document: unknown; readonly overrides: Origins['overrides'] } {
  if (!isObject(document)) return { document, overrides: {} }
  const isBainquet = !hasDestinations(document) && Boolean(env['BAINQUET_CONNECTOR_TOKEN'])
  const wanted = [...usualOverrides, ...(isBainquet ? bainquetOverrides : [])].filter(([, name]) => env[name])
  let laid = document
  const overrides: Record<string, string> = {}
  for (const [path, name] of wanted) {
    const next = withOverride(laid, path.split('.'), env[name])
    if (next === null) continue // what is not a map is left for the schema to refuse
    laid = next
    overrides[path] = name
  }
  return { document: laid, overrides }
}

const usualOverrides = [
  ['server.port', 'PORT'],
  ['server.admin_token', 'RELAY_ADMIN_TOKEN'],
  ['log.level', 'LOG_LEVEL'],
  ['log.format', 'LOG_FORMAT'],
  ['store', 'RELAY_STORE'],
] as const

const bainquetOverrides = [
  ['destinations.default.token', 'BAINQUET_CONNECTOR_TOKEN'],
  ['destinations.default.website_id', 'BAINQUET_WEBSITE_ID'],
  ['destinations.default.site_domain', 'BAINQUET_SITE_DOMAIN'],
  ['destinations.default.base_url', 'BAINQUET_BASE_URL'],
  ['destinations.default.connector_version', 'BAINQUET_CONNECTOR_VERSION'],
  ['destinations.default.enabled', 'BAINQUET_ENABLED'],
] as const

function withOverride(document: Raw, [key = '', ...rest]: readonly string[], value: unknown): Raw | null {
  if (rest.length === 0) return { ...document, [key]: value }
  const own = document[key] ?? {}
  const inner = isObject(own) ? withOverride(own, rest, value) : null
  return inner === null ? null : { ...document, [key]: inner }
}

function hasDestinations({ destinations }: Raw): boolean {
  return destinations !== undefined && !(isObject(destinations) && Object.keys(destinations).length === 0)
}

/** Relative folders of the file start where the file is. */
function atHome<T extends { readonly mappers_dir?: string | undefined }>(config: T, file: string | null): T {
  if (config.mappers_dir === undefined) return config
  return { ...config, mappers_dir: resolve(file === null ? '.' : dirname(file), config.mappers_dir) }
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
