import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Finding } from '../mistakes/issue.ts'
import { shownFile, unreadable } from '../mistakes/yaml-file.ts'
import { readEnvText } from './env-file.ts'
import type { Environment } from './substitute.ts'

/** A `.env` that was read. */
export interface DotEnv {
  readonly values: Environment
  /** Lines that say nothing; what is in them is not repeated. */
  readonly findings: readonly Finding[]
}

/** What `.env` beside a configuration says; nothing if it is not there. The environment wins over it, and never gets it. */
export function readDotEnv(file: string | null): DotEnv {
  const path = file === null ? null : dotEnvOf(file)
  if (path === null || !existsSync(path)) return { values: {}, findings: [] }
  try {
    const text = readFileSync(path, 'utf8')
    return { values: readEnvText(text), findings: mistakesIn(text, shownFile(path)) }
  } catch (error) {
    return { values: {}, findings: [{ path: '', file: shownFile(path), message: unreadable(error) }] }
  }
}

/** Where the `.env` of a configuration is. */
export function dotEnvOf(file: string): string {
  return join(dirname(file), '.env')
}

const entry = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/

function mistakesIn(text: string, file: string): readonly Finding[] {
  const findings: Finding[] = []
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (/^\s*(#|$)/.test(line)) continue
    const say = (message: string) => {
      findings.push({ path: '', file, line: index + 1, column: line.search(/\S/) + 1, message })
    }
    const [, , value = ''] = entry.exec(line) ?? []
    if (!entry.test(line)) {
      say(mistakeOf(line))
      continue
    }
    const quote = /^["'`]/.exec(value)?.[0]
    if (quote === undefined || value.indexOf(quote, 1) !== -1) continue
    const end = lines.findIndex((later, at) => at > index && later.includes(quote))
    if (end === -1) say(`the quote is not closed: another ${quote} is missing`)
    else index = end // a value of several lines
  }
  return findings
}

function mistakeOf(line: string): string {
  const name = /^\s*([A-Za-z_]\w*)\s*:/.exec(line)?.[1]
  if (name !== undefined) return `is no line of the form NAME=value: write ${name}=…, with an equals sign`
  if (line.includes('='))
    return 'the name in front of the equals sign must begin with a letter, and hold letters, digits and _ alone'
  return 'is no line of the form NAME=value: put a # in front of a comment, and a value of several lines in quotes'
}
