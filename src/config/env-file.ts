import { parseEnv } from 'node:util'
import { RelayError } from '../domain/errors.ts'

/** A variable that is to be written. */
export interface EnvLine {
  readonly name: string
  readonly value: string
  /** What it is for, as a comment above it. */
  readonly meaning?: string
}

/**
 * A value as a `.env` holds it, so that Node and Docker Compose read the same; null if there is no such way. Single quotes keep all
 * but themselves, double quotes keep those and no `$`. What stands without quotes may hold both kinds, but no `#` and no `$`.
 */
export function envValue(value: string): string | null {
  if (/^[A-Za-z0-9_./:@%+,=~^-]*$/.test(value)) return value
  // Line breaks and tabs are kept in quotes. A carriage return is lost to Node, others are lost to terminals.
  if (/[\p{Cc}\u2028\u2029]/u.test(value.replace(/[\n\t]/g, ''))) return null
  if (!value.includes("'") && !value.endsWith('\\')) return `'${value}'`
  if (!/["\\$]/.test(value)) return `"${value}"`
  return /^[^\s'"`#$]([^#$\n]*[^\s#$])?$/.test(value) ? value : null
}

/** What became of a `.env`. */
export interface AddedEnv {
  readonly text: string
  /** Names that have had a value, which stays. */
  readonly kept: readonly string[]
}

/** What a `.env` says. Editors on Windows begin it with a byte order mark, which Node takes for a part of the first name. */
export function readEnvText(text: string): Readonly<Record<string, string | undefined>> {
  return parseEnv(text.replace(/^\ufeff/, ''))
}

/** The text of a `.env` with more variables. A value that is there stays; one that is empty is filled in where it stands. */
export function addToEnvFile(text: string, lines: readonly EnvLine[]): AddedEnv {
  const known = readEnvText(text)
  const kept: string[] = []
  let result = text === '' || text.endsWith('\n') ? text : `${text}\n`
  for (const { name, value, meaning } of lines) {
    if (known[name]) {
      kept.push(name)
      continue
    }
    if (value === '' && Object.hasOwn(known, name)) continue
    const written = envValue(value)
    if (written === null) throw new RelayError('invalid', `${name}: ${unwritable}`)
    const empty = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=)[ \\t]*(?:''|"")?[ \\t]*$`, 'm')
    if (empty.test(result)) result = result.replace(empty, (_line, start: string) => start + written)
    else result += `${result === '' ? '' : '\n'}${meaning === undefined ? '' : `# ${meaning}\n`}${name}=${written}\n`
  }
  // A quote that an earlier line has left open would swallow what follows.
  const read = readEnvText(result)
  const lost = lines.find(({ name, value }) => !kept.includes(name) && (read[name] ?? '') !== value)
  if (lost) throw new RelayError('invalid', `${lost.name} can't be added: an earlier line leaves a quote open`)
  return { text: result, kept }
}

/** Why `envValue` is null, and the cure. */
export const unwritable =
  'no .env can hold this value so that all its readers agree: put it into a file, and write ${file:/path/of/it} in relay.yaml'
