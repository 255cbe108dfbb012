import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { dotEnvOf } from '../../../config/dot-env.ts'
import { addToEnvFile, readEnvText } from '../../../config/env-file.ts'
import { readConfig } from '../../../config/load.ts'
import { ConfigError } from '../../../config/origins.ts'
import type { Environment } from '../../../config/substitute.ts'
import { RelayError } from '../../../domain/errors.ts'
import { loadMappers } from '../../../mapping/library/load.ts'
import { composeSources } from '../../../wiring/sources.ts'
import { print } from '../../shared/report.ts'
import { sourceBlock } from '../source-block.ts'
import { addToMap } from './add-to-map.ts'
import { apiAddresses, hasPrivateAddress } from './api-address.ts'
import { configText, destinationBlock } from './config-text.ts'
import { connectionOf } from './connection.ts'
import { destinationIn, type Existing, readExisting } from './existing.ts'
import { gitignoreWith } from './ignored.ts'
import { nextSteps } from './next-steps.ts'
import { type InitOptions, withInput } from './options.ts'
import { planOf } from './plan.ts'
import { type Ask, type Terminal, withQuestions } from './questions.ts'
import { readPort, readPublicUrl } from './relay-address.ts'
import { valuesOf, wantedOfSource } from './values.ts'
import { writeTogether } from './write-together.ts'

export interface InitDeps {
  readonly terminal?: Terminal
  readonly load?: typeof loadMappers
}

/**
 * Writes a configuration for one CMS and its `.env`, or adds a source to a configuration, and says what to click. Whatever ends it
 * early, nothing is written.
 */
export async function init(given: InitOptions, deps: InitDeps = {}): Promise<void> {
  const options = withInput(given)
  const load = deps.load ?? loadMappers
  const say = ({ text }: Done) => print(null, { json: false, text: () => text })
  if (!options.isTerminal || options.yes) return say(await initWith(options, load, null))
  const tries = await withQuestions(async (ask) => {
    const done = await initWith(options, load, ask)
    say(done)
    return done.isComplete && isYes(ask, '\nTry all of it now, with `doctor`?')
  }, deps.terminal)
  if (tries)
    await (await import('../doctor/doctor.ts')).doctor({ config: options.output, json: false, env: options.env })
}

interface Done {
  /** What was written, and what is left to do. */
  readonly text: string
  /** Whether no variable is left to be filled in. */
  readonly isComplete: boolean
}

/** All is written by then: leaving is an answer, too. */
function isYes(ask: Ask, question: string): Promise<boolean> {
  return ask.confirm(question).catch(() => false)
}

/** Asks and writes. */
async function initWith(options: InitOptions, load: typeof loadMappers, ask: Ask | null): Promise<Done> {
  const { output, env } = options
  const file = resolve(output)
  const existing = await existingIn(file, options, ask)
  const library = await load({ userDir: existing?.mappersDir && resolve(dirname(file), existing.mappersDir) })
  const destination = existing
    ? await destinationIn(existing, options.destination, ask)
    : (options.destination ?? 'main')
  const isNew = !existing?.destinations.has(destination)
  const known = { sources: existing?.sources ?? [], site: existing?.destinations.get(destination) ?? null }
  const plan = await planOf(options, library, known, ask)

  const envText = textOf(dotEnvOf(file))
  const dotEnv = readEnvText(envText)
  const connection = await connectionOf(options, { isNew, isWhole: existing === null, dotEnv, ask })
  const publicUrl = existing ? existing.publicUrl : await readPublicUrl(options.publicUrl, ask)
  const port = existing ? null : await readPort(options.port, publicUrl, ask)
  const url = publicUrl === null ? null : `${publicUrl}/webhooks/${plan.source}`
  const { variables } = sourceBlock({ ...plan, destination, url })
  const own = await valuesOf(wantedOfSource(variables, plan.definition, options), dotEnv, env, ask)
  const lines = [...connection.lines, ...own]
  const allowPrivate = hasPrivateAddress(apiAddresses({ ...plan, variables, lines: own, dotEnv }))
  const block = sourceBlock({ ...plan, destination, url, allowPrivate })

  const newDestination = destinationBlock({ name: destination, site: plan.site, baseUrl: connection.baseUrl })
  const text = existing
    ? added(existing, isNew ? newDestination : null, block.text, output)
    : configText({ ...plan, file, port: port!, publicUrl, destination: newDestination, sources: block.text })
  const { text: newEnvText, kept } = addToEnvFile(envText, lines)
  if (!existing) await mustBeValid(text, readEnvText(newEnvText))
  write(file, text, newEnvText, options)
  const [secret] = variables.filter(({ use }) => use === 'secret')
  const { toSandbox } = connection
  const said = nextSteps({
    ...plan,
    output,
    url,
    lines,
    kept,
    isAdded: existing !== null,
    port,
    toSandbox,
    secretName: secret?.name ?? null,
  })
  const isComplete = lines.every(({ name, value }) => value !== '' || kept.includes(name))
  return { text: said, isComplete }
}

/** The configuration that a source is added to; null if a new one is written. Throws RelayError `conflict` if neither is meant. */
async function existingIn(
  file: string,
  { output, add, force }: InitOptions,
  ask: Ask | null,
): Promise<Existing | null> {
  if (!existsSync(file)) {
    if (add) throw new RelayError('not_found', `${output} is not there, so nothing can be added to it`)
    return null
  }
  if (force) return null
  const isMeant = add || (ask && (await ask.confirm(`${output} is there already. Add a source to it?`)))
  if (isMeant) return readExisting(readFileSync(file, 'utf8'), output)
  throw conflict(output)
}

function conflict(output: string): RelayError {
  return new RelayError(
    'conflict',
    `${output} is there already: --add adds a source to it, --force overwrites it, --output writes elsewhere`,
  )
}

function added({ text }: Existing, destination: string | null, block: string, output: string): string {
  try {
    return addToMap(destination === null ? text : addToMap(text, 'destinations', destination), 'sources', block)
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const blocks = `${destination ?? ''}${block}`
    throw new RelayError('invalid', `${output}: ${error.message}. Nothing is written. What belongs into it:\n${blocks}`)
  }
}

/** What was answered must do. What is not known yet can't be judged. */
async function mustBeValid(text: string, env: Environment): Promise<void> {
  const isComplete = [...text.matchAll(/^(?!\s*#).*?\$\{(\w+)\}/gm)].every(([, name = '']) => env[name])
  if (!isComplete) return
  try {
    await composeSources(readConfig(parse(text), env))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError('nothing is written', error.issues)
  }
}

/** `.env` first: with it alone nothing is configured. */
function write(file: string, text: string, envText: string, { output, add, force }: InitOptions): void {
  const folder = dirname(file)
  const ignored = gitignoreWith(folder)
  try {
    writeTogether([
      { path: dotEnvOf(file), text: envText, mode: 0o600, replaces: true },
      ...(ignored === null ? [] : [{ path: join(folder, '.gitignore'), text: ignored, mode: 0o644, replaces: true }]),
      { path: file, text, mode: modeOf(file) ?? 0o644, replaces: force || add || existsSync(file) },
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw conflict(output)
    throw new RelayError('unavailable', 'nothing is written', { cause: error })
  }
}

function modeOf(file: string): number | null {
  return existsSync(file) ? statSync(file).mode & 0o777 : null
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
