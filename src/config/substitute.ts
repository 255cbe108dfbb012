import { readFileSync } from 'node:fs'
import { messageOf } from '../domain/errors.ts'

export interface Issue {
  /** Where, such as `destinations.main.token`. */
  readonly path: string
  readonly message: string
}

export type Environment = Readonly<Record<string, string | undefined>>

const reference = /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g

/**
 * Fills in `${NAME}`, `${NAME:-default}` and `${file:/path}` in every text of a parsed document; `$${` stands for `${`.
 * The document is parsed first, so a value can't change its structure. A file's last line break is dropped.
 */
export function substitute(document: unknown, env: Environment, issues: Issue[], path = ''): unknown {
  if (typeof document === 'string') return substituteText(document, env, (message) => issues.push({ path, message }))
  if (Array.isArray(document))
    return document.map((entry, index) => substitute(entry, env, issues, `${path}[${index}]`))
  if (typeof document !== 'object' || document === null) return document
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      substitute(value, env, issues, path ? `${path}.${key}` : key),
    ]),
  )
}

function substituteText(text: string, env: Environment, report: (message: string) => void): string {
  if (!text.includes('${')) return text
  return text
    .split('$${')
    .map((part) =>
      part.replace(reference, (_match, file: string | undefined, name: string, fallback: string | undefined) => {
        if (file !== undefined) return readSecretFile(file, report)
        const value = env[name]
        // As in a shell: the default stands in for an empty variable too.
        if (fallback !== undefined) return value || fallback
        if (value === undefined) report(`environment variable ${name} is not set`)
        return value ?? ''
      }),
    )
    .join('${')
}

function readSecretFile(file: string, report: (message: string) => void): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    report(messageOf(error))
    return ''
  }
}
