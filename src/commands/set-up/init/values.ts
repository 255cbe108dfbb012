import { randomBytes } from 'node:crypto'
import { type EnvLine, envValue, unwritable } from '../../../config/env-file.ts'
import type { Environment } from '../../../config/substitute.ts'
import { messageOf, RelayError } from '../../../domain/errors.ts'
import type { Definition } from '../../../mapping/library/bind.ts'
import { createVerifier, verifySchema } from '../../../verify/verifier.ts'
import { UsageError } from '../../shared/failure.ts'
import { readInputFile } from '../../shared/input.ts'
import type { EnvironmentVariable } from '../source-block.ts'
import { newSecret } from './new-secret.ts'
import type { InitOptions } from './options.ts'
import type { Answer, Ask } from './questions.ts'

/** A variable of the configuration, with how its value is found. */
export interface Wanted {
  readonly name: string
  readonly meaning: string
  /** What the command line says of it. */
  readonly given: string | undefined
  /** The option that says it. */
  readonly option: string
  /** Left out: nobody is asked. */
  readonly question?: string
  readonly isHidden?: boolean
  /** What is wrong with a value; null if nothing is. */
  readonly mistakeIn: (value: string) => string | null
  /** Made up if nobody says anything. */
  readonly make?: () => string
}

/**
 * Values in this order: those that `.env` has, the command line, the environment, answers, and what can be made up. One that is
 * not known yet is empty.
 */
export async function valuesOf(
  wanted: readonly Wanted[],
  dotEnv: Environment,
  env: Environment,
  ask: Ask | null,
): Promise<readonly EnvLine[]> {
  const lines: EnvLine[] = []
  for (const one of wanted) {
    const { name, meaning } = one
    lines.push({ name, meaning, value: dotEnv[name] ? '' : await answerTo(one, env, ask) })
  }
  return lines
}

async function answerTo(one: Wanted, env: Environment, ask: Ask | null): Promise<string> {
  const given = one.given ?? (env[one.name] || undefined)
  if (given !== undefined) {
    const read = readValue(given, one)
    if ('value' in read) return read.value
    const where = one.given === undefined ? one.name : one.option
    throw new UsageError(`${where}: ${'mistake' in read ? read.mistake : 'the key has no end'}`)
  }
  const isAsked = ask !== null && one.question !== undefined
  const answer = isAsked
    ? await ask.text(one.question, (text) => readAnswer(text, one), { isHidden: one.isHidden ?? false })
    : ''
  return answer === '' ? (one.make?.() ?? '') : answer
}

function readAnswer(text: string, one: Wanted): Answer<string> {
  if (text.trim() === '') return { value: '' }
  const read = readValue(text, one)
  return 'mistake' in read ? { mistake: `That ${read.mistake}.` } : read
}

/** A key in PEM form goes over several lines; in `.env` it is one, with `\n` for its line breaks. */
function readValue(text: string, { mistakeIn }: Wanted): Answer<string> {
  const isKey = text.includes('-----BEGIN')
  if (isKey && !text.includes('-----END')) return { more: true }
  const value = isKey ? text.trim().replace(/\r?\n/g, '\\n') : text.trim()
  const mistake = mistakeIn(value) ?? (envValue(value) === null ? `can't be written: ${unwritable}` : null)
  return mistake === null ? { value } : { mistake }
}

/** The variables of a source: what its CMS shows, or what the relay makes up. */
export function wantedOfSource(
  variables: readonly EnvironmentVariable[],
  definition: Definition,
  options: InitOptions,
): readonly Wanted[] {
  const { title, setup } = definition
  const secrets = [...options.secret]
  return variables.map((variable): Wanted => {
    const { name, meaning, use, key } = variable
    const mistakeIn = (value: string) => mistakeInSource(value, variable, definition)
    if (use === 'secret') {
      const webhook = setup?.secrets ? ` of the webhook ${key}` : ''
      const isTheirs = setup?.secret === 'cms'
      return {
        name,
        meaning,
        given: secrets.shift(),
        option: '--secret',
        question: isTheirs
          ? `Secret that ${title} shows${webhook} (not shown here; Enter: later, in .env)`
          : 'Secret of the webhooks, if there is one (not shown; Enter: one is made up)',
        isHidden: true,
        mistakeIn,
        ...(!isTheirs && { make: () => newSecret(definition) }),
      }
    }
    const base = { name, meaning, mistakeIn }
    if (use === 'setting' && key === 'public_key') {
      const question = `Public key that ${title} shows, as PEM, all its lines (Enter: later, in .env)`
      return { ...base, given: textOfFile(options.publicKey), option: '--public-key', question }
    }
    if (use === 'setting')
      return {
        ...base,
        given: undefined,
        option: '',
        question: `${meaning[0]!.toUpperCase()}${meaning.slice(1)} (Enter: later, in .env)`,
      }
    if (use === 'api' && key === 'token') {
      const question = `Token of the API of ${title} (not shown; Enter: later, in .env)`
      return { ...base, given: options.apiToken, option: '--api-token', question, isHidden: true }
    }
    if (use === 'api') {
      return {
        ...base,
        given: options.apiUrl,
        option: '--api-url',
        question: `Root of the API of ${title} (Enter: later, in .env)`,
      }
    }
    return { ...base, given: undefined, option: '--var' } // it has been asked for, as a var
  })
}

function mistakeInSource(value: string, { use, key }: EnvironmentVariable, { verify }: Definition): string | null {
  if (use === 'api' && key === 'base_url')
    return URL.canParse(value) ? null : 'is no url such as https://cms.example.com/api'
  if (use !== 'secret' && use !== 'setting') return null
  const settings = use === 'setting' ? { ...verify, [key]: value } : verify
  const { success, data, error } = verifySchema.safeParse(settings)
  // What else the source has to say is not known here.
  if (!success) return use === 'setting' ? (error.issues.find(({ path }) => path[0] === key)?.message ?? null) : null
  try {
    createVerifier(data, use === 'secret' ? [value] : [])
    return null
  } catch (failure) {
    if (!(failure instanceof RelayError)) throw failure
    return use === 'secret' ? `does not do: ${messageOf(failure)}` : null
  }
}

/** How the ingest API is called, and what opens the admin API. `sandbox` stands for the token of `cms-relay sandbox`. */
export function wantedOfRelay(options: InitOptions): Readonly<Record<'token' | 'websiteId' | 'adminToken', Wanted>> {
  return {
    token: {
      name: 'BAINQUET_CONNECTOR_TOKEN',
      meaning: 'connectorId.secret, as the dashboard of the ingest API has shown it',
      given: options.token,
      option: '--token',
      question: 'Connector token, connectorId.secret (not shown; Enter: later, in .env)',
      isHidden: true,
      mistakeIn: (value) => (/^(sandbox|[^.\s]+\.\S+)$/.test(value) ? null : 'is no connectorId.secret'),
    },
    websiteId: {
      name: 'BAINQUET_WEBSITE_ID',
      meaning: 'the website that the token is for',
      given: options.websiteId,
      option: '--website-id',
      question: 'Website id (Enter: later, in .env)',
      mistakeIn: (value) => (/^\S+$/.test(value) ? null : 'is no website id'),
    },
    adminToken: {
      name: 'RELAY_ADMIN_TOKEN',
      meaning: 'opens the admin API',
      given: undefined,
      option: '',
      mistakeIn: (value) => (value.length >= 16 ? null : 'has less than 16 characters'),
      make: () => randomBytes(32).toString('base64url'),
    },
  }
}

function textOfFile(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  return readInputFile(file).toString('utf8')
}
