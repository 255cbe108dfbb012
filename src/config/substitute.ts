import { readFileSync } from 'node:fs'
import { nearestName } from '../domain/nearest-name.ts'
import { type Finding, pathText } from '../mistakes/issue.ts'
import { unreadable } from '../mistakes/yaml-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const reference = /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g
/** What is meant as a reference, and is none: `${MY-NAME}`, `${NAME:default}`, `${env:NAME}`, `${NAME`, and `$NAME` alone. */
const nearly = /\$\{[A-Za-z_][^}]*(\}|$)|^\$[A-Z_][A-Z0-9_]*$/

/** A text of the document that was filled in. */
export interface Reference {
  readonly at: readonly PropertyKey[]
  /** As the file has it: `${NAME}`. */
  readonly names: readonly string[]
  /** Whether the text is one reference and nothing else. */
  readonly isWhole: boolean
}

export interface Filled {
  readonly document: unknown
  readonly references: readonly Reference[]
  readonly findings: readonly Finding[]
}

/**
 * Fills in `${NAME}`, `${NAME:-default}` and `${file:/path}` in every text of a parsed document; `$${` stands for `${`.
 * The document is parsed first, so a value can't change its structure. A file's last line break is dropped.
 */
export function substitute(document: unknown, env: Environment): Filled {
  const references: Reference[] = []
  const findings: Finding[] = []

  function fill(value: unknown, at: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') return fillText(value, at)
    if (Array.isArray(value)) return value.map((entry, index) => fill(entry, [...at, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, [...at, key])]))
  }

  function fillText(text: string, at: readonly PropertyKey[]): string {
    if (!text.includes('$')) return text
    const report = (message: string, name: string) => {
      findings.push({ path: pathText(at), message, isMissing: true, offset: text.indexOf(name), isReference: true })
    }
    const names: string[] = []
    const filled = text
      .split('$${')
      .map((part) =>
        part.replace(reference, (whole, file: string | undefined, name: string, fallback: string | undefined) => {
          names.push(file === undefined ? `\${${name}}` : whole)
          if (file !== undefined) return readSecretFile(file, (message) => report(message, whole))
          const value = Object.hasOwn(env, name) ? env[name] : undefined
          // As in a shell: the default stands in for an empty variable too.
          if (fallback !== undefined) return value || fallback
          if (value === undefined) report(unsetWords(name, env), whole)
          return value ?? ''
        }),
      )
      .join('${')
    // In an expression `${` may well be JSONata's.
    const stranger = at[2] === 'models' ? null : nearly.exec(text.replaceAll('$${', '').replace(reference, ''))
    if (stranger) {
      report(
        `${stranger[0]} is no reference: write \${NAME}, \${NAME:-default} or \${file:/path}, with letters, digits and _ in the name`,
        stranger[0],
      )
    }
    if (names.length > 0)
      references.push({ at, names, isWhole: text.replace(reference, '') === '' && names.length === 1 })
    return filled
  }

  return { document: fill(document, []), references, findings }
}

function unsetWords(name: string, env: Environment): string {
  const near = nearestName(
    name,
    Object.keys(env).filter((one) => env[one] !== undefined && sharesWord(one, name)),
  )
  return `environment variable ${name} is not set${near === null ? '' : `; did you mean ${near}?`}`
}

/** Most of the environment is of no concern here. */
function sharesWord(one: string, other: string): boolean {
  return one.slice(0, 3) === other.slice(0, 3)
}

function readSecretFile(file: string, report: (message: string) => void): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    report(`the file ${file}: ${unreadable(error)}`)
    return ''
  }
}
