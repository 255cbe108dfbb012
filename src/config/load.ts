import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { messageOf, RelayError } from '../domain/errors.ts'
import { dangerousMistakes } from './mistakes.ts'
import { type Config, configSchema, sourceSchema } from './schema.ts'
import { type Uses, withStandIns } from './stand-ins.ts'
import { type Environment, type Issue, substitute } from './substitute.ts'

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
  const whole = file === null ? {} : readYaml(file)
  const known = { ...readDotEnv(file), ...env }
  const document = uses ? withStandIns(whole, known, uses) : whole
  return { config: readConfig(document, known, file), file }
}

/** What `.env` beside the file says; nothing if it is not there. The environment wins over it, and never gets it. */
function readDotEnv(file: string | null): Environment {
  const path = file === null ? null : dotEnvOf(file)
  if (path === null || !existsSync(path)) return {}
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new RelayError('invalid', `cannot read ${path}`, { cause: error })
  }
}

export function dotEnvOf(file: string): string {
  return join(dirname(file), '.env')
}

/** As `loadConfig`, from a document that is already parsed. `file` is where relative paths start. */
export function readConfig(document: unknown, env: Environment, file: string | null = null): Config {
  const issues: Issue[] = []
  const filled = overridden(substitute(document ?? {}, env, issues), env)
  const filledAt = new Set(issues.map(({ path }) => path))
  const result = configSchema.safeParse(filled)
  if (!result.success) {
    for (const issue of result.error.issues) {
      const path = pathText(issue.path)
      // A variable that is not set has been reported; that its empty value does not fit says nothing more.
      if (!filledAt.has(path)) issues.push({ path, message: textOf(issue) })
    }
  }
  issues.push(...unknownDestinations(filled), ...dangerousMistakes(filled))
  if (issues.length > 0 || !result.success) {
    throw new ConfigError(file ?? 'configuration', issues, validPartOf(filled, file))
  }
  return freeze(atHome(result.data, file))
}

/** A name that is none says what names are, not only that it is none. */
function textOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
}

/** What can be looked at further in a configuration with mistakes elsewhere. */
export type ValidPart = Pick<Config, 'sources' | 'mappers_dir'>

/** A configuration with mistakes, all of them in `details.issues`. */
export class ConfigError extends RelayError {
  readonly where: string
  readonly issues: readonly Issue[]
  readonly validPart: ValidPart | null

  constructor(where: string, issues: readonly Issue[], validPart: ValidPart | null = null) {
    const count = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`
    super('invalid', `${where}: ${count}`, { details: { issues } })
    this.where = where
    this.issues = issues
    this.validPart = validPart
  }
}

/** Looked for in the document as it is, so that a mistake elsewhere does not hide one here. */
function unknownDestinations(document: unknown): readonly Issue[] {
  if (!isRaw(document) || !isRaw(document['sources'])) return []
  const known = isRaw(document['destinations']) ? Object.keys(document['destinations']) : []
  return Object.entries(document['sources']).flatMap(([name, source]) => {
    const targets = isRaw(source) ? [source['destination']].flat() : []
    return targets
      .filter((target) => typeof target === 'string' && !known.includes(target))
      .map(() => {
        // The value itself is not repeated: it may have come from a variable that holds a secret.
        const message = `there is no such destination (there is ${known.join(', ') || 'none'})`
        return { path: `sources.${name}.destination`, message }
      })
  })
}

function validPartOf(document: unknown, file: string | null): ValidPart {
  const { sources, mappers_dir } = isRaw(document) ? document : {}
  const checked = Object.entries(isRaw(sources) ? sources : {}).flatMap(([name, value]) => {
    const result = sourceSchema.safeParse(value)
    return result.success ? [[name, result.data] as const] : []
  })
  const folder = typeof mappers_dir === 'string' && mappers_dir !== '' ? mappers_dir : undefined
  return atHome({ sources: Object.fromEntries(checked), mappers_dir: folder }, file)
}

function readYaml(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new RelayError('invalid', `cannot read the configuration ${file}`, { cause: error })
  }
  const document = parseDocument(text, { prettyErrors: true })
  const issues = document.errors.map(({ message }) => ({ path: '', message: message.replace(/:\n[\s\S]*$/, '') }))
  if (issues.length > 0) throw new ConfigError(file, issues)
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: messageOf(error) }])
  }
}

type Raw = Record<string, unknown>

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The environment's overrides laid over the document, and the `BAINQUET_*` destination if the file names none. */
function overridden(document: unknown, env: Environment): unknown {
  if (!isRaw(document)) return document
  const { PORT, RELAY_STORE, RELAY_ADMIN_TOKEN, LOG_LEVEL, LOG_FORMAT } = env
  const server = { ...(PORT && { port: PORT }), ...(RELAY_ADMIN_TOKEN && { admin_token: RELAY_ADMIN_TOKEN }) }
  const log = { ...(LOG_LEVEL && { level: LOG_LEVEL }), ...(LOG_FORMAT && { format: LOG_FORMAT }) }
  return {
    ...document,
    ...merged('server', document, server),
    ...merged('log', document, log),
    ...(RELAY_STORE && { store: RELAY_STORE }),
    ...(!hasDestinations(document) && bainquetDestination(env)),
  }
}

function merged(key: string, document: Raw, values: Raw): Raw {
  const own = document[key] ?? {}
  // What is not a map is left for the schema to refuse.
  return Object.keys(values).length > 0 && isRaw(own) ? { [key]: { ...own, ...values } } : {}
}

function hasDestinations({ destinations }: Raw): boolean {
  return destinations !== undefined && !(isRaw(destinations) && Object.keys(destinations).length === 0)
}

function bainquetDestination(env: Environment): Raw {
  if (!env['BAINQUET_CONNECTOR_TOKEN']) return {}
  const settings = {
    token: env['BAINQUET_CONNECTOR_TOKEN'],
    website_id: env['BAINQUET_WEBSITE_ID'],
    site_domain: env['BAINQUET_SITE_DOMAIN'],
    base_url: env['BAINQUET_BASE_URL'],
    connector_version: env['BAINQUET_CONNECTOR_VERSION'],
    enabled: env['BAINQUET_ENABLED'],
  }
  return { destinations: { default: Object.fromEntries(Object.entries(settings).filter(([, value]) => value)) } }
}

/** Relative folders of the file start where the file is. */
function atHome<T extends { readonly mappers_dir?: string | undefined }>(config: T, file: string | null): T {
  if (config.mappers_dir === undefined) return config
  return { ...config, mappers_dir: resolve(file === null ? '.' : dirname(file), config.mappers_dir) }
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text ? `${text}.${String(key)}` : String(key)
  }, '')
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
