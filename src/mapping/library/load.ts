import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Finding, withoutEchoes } from '../../mistakes/issue.ts'
import { nameWords } from '../../mistakes/schema-mistakes.ts'
import { shownFile, unreadable } from '../../mistakes/yaml-file.ts'
import type { Retries, VarDefinition } from '../definition/definition.ts'
import { issuesError } from '../definition/issues.ts'
import { type Definition, isModule, needsModels } from './bind.ts'
import { loadModule } from './load-module.ts'
import {
  checkDefinition,
  checkPatch,
  extendDefinition,
  readMapperFile,
  tellOf,
  type MapperFile as YamlFile,
} from './load-yaml.ts'

export interface MapperLibrary {
  readonly names: readonly string[]
  get(name: string): Definition | undefined
  /** Every mapper, by name. */
  list(): readonly MapperSummary[]
}

export interface MapperSummary {
  readonly name: string
  readonly title: string
  readonly description: string | null
  readonly origin: 'built-in' | 'yours'
  readonly file: string
  /** How its webhooks are verified unless the source says otherwise; null if the source has to say. */
  readonly verify: Readonly<Record<string, unknown>> | null
  readonly vars: Readonly<Record<string, VarDefinition>>
  /** Whether the CMS sends a webhook again that was refused; null if the mapper does not say. */
  readonly retries: Retries | null
  /** Whether only those models are sent that the source registers. */
  readonly needsModels: boolean
}

export interface LoadOptions {
  /** The folder of the built-in mappers; left out, the one that comes with the relay. */
  readonly builtinDir?: string | undefined
  /** The user's own folder. */
  readonly userDir?: string | undefined
  /** Compile every expression of the built-in mappers, too. Tests do; at a start only those in use are compiled. */
  readonly checkBuiltIn?: boolean
}

const ownMappers = fileURLToPath(new URL('../../../mappers/', import.meta.url))

/**
 * Reads and checks the user's mappers. Throws RelayError `invalid` with all mistakes of all files in `details.issues`. The
 * built-in ones, each in a file of its name, are read when they are asked for: a start pays for those in use.
 */
export async function loadMappers(options: LoadOptions = {}): Promise<MapperLibrary> {
  const { library, issues } = await readMappers(options)
  if (issues.length > 0) throw issuesError('mappers', issues)
  return library
}

/** As `loadMappers`, for callers that have more to look at: the library has the mappers without mistakes, and throws for the others. */
export async function readMappers({
  builtinDir = ownMappers,
  userDir,
  checkBuiltIn = false,
}: LoadOptions = {}): Promise<{
  readonly library: MapperLibrary
  readonly issues: readonly Finding[]
  /** Names of mappers, as far as they can be told, whose files could not be read. */
  readonly unread: readonly string[]
}> {
  const issues: Finding[] = []
  const files = listFiles(builtinDir, 'built-in', issues)
  if (userDir !== undefined && !isSameFolder(builtinDir, userDir)) files.push(...listFiles(userDir, 'yours', issues))
  const parsed: Parsed[] = []
  for (const file of files) {
    const isLazy = file.origin === 'built-in' && file.path.startsWith(ownMappers) && !checkBuiltIn
    const one = isLazy ? notYetRead(file) : file.isModule ? await parseModule(file, issues) : parseYaml(file, issues)
    if (one) parsed.push(one)
  }
  const library = resolve(parsed, issues, checkBuiltIn)
  const read = new Set(parsed.map(({ file }) => file))
  const unread = files.filter((file) => !read.has(file)).map(nameInside)
  return { library, issues: withoutEchoes(issues), unread }
}

/** The name that a file which can't be read gives its mapper; if it does not show one, that of the file. */
function nameInside({ path }: MapperFile): string {
  try {
    const [, name] = /^\s*["']?name["']?\s*:\s*["']?([\w-]+)/m.exec(readFileSync(path, 'utf8')) ?? []
    if (name !== undefined) return name
  } catch {
    // then its name is all that is known
  }
  return basename(path, extname(path))
}

type Origin = MapperSummary['origin']

interface MapperFile {
  readonly path: string
  /** As messages name it. */
  readonly label: string
  readonly origin: Origin
  readonly isModule: boolean
}

function listFiles(folder: string, origin: Origin, issues: Finding[]): MapperFile[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    const why = 'cannot read the folder of mappers'
    issues.push({ path: 'mappers_dir', message: `${why} ${folder}: ${unreadable(error)}`, discreet: why })
    return []
  }
  const isMapper = (name: string) => /\.(yaml|yml|ts|js|mjs)$/.test(name) && !/^\.|\.d\.ts$|\.test\.\w+$/.test(name)
  return names
    .filter(isMapper)
    .sort()
    .map((name) => ({
      path: join(folder, name),
      label: origin === 'built-in' ? `mappers/${name}` : `${basename(folder)}/${name}`,
      origin,
      isModule: !/\.ya?ml$/.test(extname(name)),
    }))
}

function isSameFolder(one: string, other: string): boolean {
  return existsSync(other) && realpathSync(one) === realpathSync(other)
}

/** A mapper before `extends` is resolved. */
type Parsed = { readonly file: MapperFile; readonly name: string; readonly replace: boolean } & (
  | { readonly kind: 'module'; readonly definition: Definition }
  | { readonly kind: 'yaml'; readonly yaml: YamlFile; readonly base: string | null }
  | { readonly kind: 'unread' }
)

function notYetRead(file: MapperFile): Parsed {
  return { file, kind: 'unread', name: basename(file.path, extname(file.path)), replace: false }
}

async function parseModule(file: MapperFile, issues: Finding[]): Promise<Parsed | null> {
  const definition = await loadModule(file.path, issues)
  return definition && { file, kind: 'module', definition, name: definition.name, replace: definition.replace }
}

function parseYaml(file: MapperFile, issues: Finding[]): Parsed | null {
  const yaml = readMapperFile(file.path, issues)
  if (yaml === null) return null
  const { name, extends: base, replace } = yaml.content
  if (typeof name !== 'string') {
    // The schema says what is wrong with it, and with the rest.
    if (typeof base === 'string') checkPatch(yaml, issues)
    else checkDefinition(yaml, issues)
    return null
  }
  return { file, kind: 'yaml', yaml, name, base: typeof base === 'string' ? base : null, replace: replace === true }
}

/** Decides which mapper a name means, and lays those that extend another over it. */
function resolve(parsed: readonly Parsed[], issues: Finding[], checkBuiltIn: boolean): MapperLibrary {
  const builtin = new Map<string, Parsed>()
  const chosen = new Map<string, Parsed>()
  for (const one of parsed) {
    const before = chosen.get(one.name)
    const isOverride = before?.file.origin === 'built-in' && one.file.origin === 'yours'
    const isMeant = one.replace || (one.kind === 'yaml' && one.base === one.name)
    if (before && !(isOverride && isMeant)) issues.push(atKey(one, 'name', clashOf(one, before)))
    if (one.file.origin === 'built-in') builtin.set(one.name, one)
    chosen.set(one.name, one)
  }

  const done = new Map<Parsed, Definition | null>()
  const definitionOf = (one: Parsed, chain: readonly Parsed[]): Definition | null => {
    const known = done.get(one)
    if (known !== undefined) return known
    const definition = read(one, chain)
    done.set(one, definition)
    return definition
  }
  const read = (one: Parsed, chain: readonly Parsed[]): Definition | null => {
    if (one.kind === 'module') return one.definition
    const parsed = one.kind === 'unread' ? parseYaml(one.file, issues) : one
    return parsed?.kind === 'yaml' ? readDefinition(parsed, chain) : null
  }
  const readDefinition = (one: Extract<Parsed, { kind: 'yaml' }>, chain: readonly Parsed[]): Definition | null => {
    if (one.base === null) return checkDefinition(one.yaml, issues, !checkBuiltIn && one.file.origin === 'built-in')
    const isValid = checkPatch(one.yaml, issues)
    const refuse = (message: string) => void issues.push(atKey(one, 'extends', message))
    const base = one.base === one.name ? builtin.get(one.name) : chosen.get(one.base)
    if (!base || base === one) {
      const known = [...chosen.keys()].filter((name) => name !== one.name).sort()
      refuse(nameWords('there is no such mapper to extend', one.base, known))
      return null
    }
    if (chain.includes(base)) {
      refuse(`'${one.base}' and '${one.name}' extend each other`)
      return null
    }
    const definition = definitionOf(base, [...chain, one])
    if (definition === null || !isValid) return null
    if (isModule(definition)) {
      refuse('is a module: import it from a module of your own instead')
      return null
    }
    return extendDefinition(definition, one.yaml, issues)
  }

  const names = [...chosen.keys()].sort()
  const find = (name: string): Definition | undefined => {
    const one = chosen.get(name)
    const definition = one && definitionOf(one, [])
    if (definition === null && issues.length > 0) throw issuesError('mappers', issues)
    return definition ?? undefined
  }
  for (const one of parsed) if (one.kind !== 'unread') definitionOf(one, [])
  return {
    names,
    get: find,
    list: () =>
      names.flatMap((name) => {
        const definition = find(name)
        return definition ? [summaryOf(definition, chosen.get(name)!.file)] : []
      }),
  }
}

function atKey(one: Parsed, path: string, message: string): Finding {
  if (one.kind === 'yaml') return tellOf(one.yaml, { path, message })
  return { path, message, file: shownFile(one.file.path) }
}

function clashOf(one: Parsed, before: Parsed): string {
  if (before.file.origin !== 'built-in' || one.file.origin === 'built-in') {
    return `is taken by ${before.file.label}`
  }
  return `is a built-in mapper: say \`extends: ${one.name}\` to change it, or \`replace: true\``
}

function summaryOf(definition: Definition, { origin, label }: MapperFile): MapperSummary {
  const { name, title, description = null, verify = null, retries = null, vars } = definition
  return { name, title, description, origin, file: label, verify, vars, retries, needsModels: needsModels(definition) }
}
