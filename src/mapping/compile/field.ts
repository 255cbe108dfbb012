import {
  compileExpression,
  type Expression,
  ExpressionError,
  joinKeys,
  type Keys,
  type Scope,
} from '../../../packages/jsonata-compile/index.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Finding } from '../../mistakes/issue.ts'
import { nameWords } from '../../mistakes/schema-mistakes.ts'
import { functions } from '../functions/table.ts'
import { scopeNames } from './scope.ts'

/** A compiled value of a mapper: what it is for a context and a scope. A promise only if an expression needs one. */
export interface Field {
  /** For messages: which key this is and what it says. */
  readonly label: string
  readonly text: string
  /** False if the value depends neither on the context nor on `$body`, for sure. */
  readonly needsBody: boolean
  /** What it is put together of: none for a literal. Left out, it is an expression. */
  readonly parts?: readonly Field[]
  evaluate(context: unknown, scope: Scope): unknown
}

/** A value that could not be made: names the field, the expression and the cause. */
export class FieldError extends Error {
  override readonly name = 'FieldError'
}

/** Compiles the strings of one definition. Mistakes become issues, so that all of them are reported at once. */
export interface Compiler {
  /** The headers that what was compiled so far may read. */
  readonly headers: Keys
  /** `at` is where the definition has it, `label` the key that messages name. */
  expression(text: string, label: string, at?: string): Field
  /** An expression that makes an id or an address: a part of it that gives nothing is an error that names the part. */
  whole(text: string, label: string, at?: string): Field
  /** A literal, an expression, or a list or map of them. */
  template(value: unknown, label: string, at?: string): Field
  /** Tells of a mistake in what a key says. */
  mistake(message: string, label: string, at?: string): void
}

/** The name that holds the body for any context. */
const bodyNames = ['body']

/** The words of a source's vars are meant, also if there are none. */
const whole = { mayBeEmpty: ['vars'] }

export interface CompilerOptions {
  readonly timeLimitMs: number
  readonly issues: Finding[]
  /** What comes before the path of an issue. */
  readonly prefix: string
  /** The vars that the mapper declares: no source can set another. */
  readonly vars: readonly string[]
}

export function createCompiler({ timeLimitMs, issues, prefix, vars }: CompilerOptions): Compiler {
  let headers: Keys = new Set()
  const pathOf = (label: string, at: string) => prefix + (at === '' ? label : `${at}.${label}`)

  function compile(text: string, label: string, at: string, isWhole: boolean): Field {
    try {
      refuseBareWord(text)
      const compiled = compileExpression(text, {
        functions,
        timeLimitMs,
        ...(isWhole && { whole }),
        nullIsEmpty: true,
        names: scopeNames,
      })
      refuseUnknownVars(compiled, vars)
      const { evaluate } = compiled
      const needsBody = compiled.needsContext(bodyNames)
      headers = joinKeys(headers, compiled.keysRead('headers'))
      return { label, text, needsBody, evaluate: (context, scope) => guarded(evaluate, context, scope, label) }
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      issues.push({
        path: pathOf(label, at),
        message: messageOf(error),
        discreet: 'is no valid expression',
        ...(error.offset !== undefined && { offset: error.offset }),
      })
      return literal(undefined, label)
    }
  }

  const expression = (text: string, label: string, at = '') => compile(text, label, at, false)

  function template(value: unknown, label: string, at = ''): Field {
    if (typeof value === 'string') return expression(value, label, at)
    if (Array.isArray(value)) {
      return listOf(
        value.map((entry, index) => template(entry, `${label}[${index}]`, at)),
        label,
      )
    }
    if (typeof value !== 'object' || value === null) return literal(value, label)
    const members = Object.entries(value).map(
      ([key, member]) => [key, template(member, `${label}.${key}`, at)] as const,
    )
    return mapOf(Object.fromEntries(members), label)
  }

  const mistake = (message: string, label: string, at = '') =>
    issues.push({ path: pathOf(label, at), message, discreet: 'does not fit' })
  return {
    get headers() {
      return headers
    },
    expression,
    whole: (text, label, at = '') => compile(text, label, at, true),
    template,
    mistake,
  }
}

/** What other formats take for true and false is the name of a field here, and a record has none of that name. */
function refuseBareWord(given: string): void {
  const text = given.trim()
  const word = text.toLowerCase()
  const isSwitch = ['yes', 'no', 'on', 'off'].includes(word)
  if (!isSwitch && (!['true', 'false', 'null'].includes(word) || text === word)) return
  const meant = isSwitch ? String(word === 'yes' || word === 'on') : word
  throw new ExpressionError(
    `\`${text}\` is the name of a field here: write \`${meant}\`, or \`$.${text}\` for a field of that name`,
  )
}

/** A var that nobody can set gives nothing, for ever. */
function refuseUnknownVars({ text, keysRead }: Expression, vars: readonly string[]): void {
  const read = keysRead('vars')
  const unknown = read === 'all' ? undefined : [...read].find((name) => !vars.includes(name))
  if (unknown === undefined) return
  const offset = text.indexOf(unknown, text.indexOf('$vars'))
  throw new ExpressionError(`$vars.${unknown}: ${nameWords('the mapper has no such var', unknown, vars)}`, { offset })
}

export function literal(value: unknown, label: string): Field {
  return { label, text: JSON.stringify(value) ?? '', needsBody: false, parts: [], evaluate: () => value }
}

/** A map of fields; what gives nothing is left out. */
export function mapOf(fields: Readonly<Record<string, Field>>, label: string): Field {
  const keys = Object.keys(fields)
  const all = Object.values(fields)
  const made = (values: readonly unknown[]) => {
    const result: Record<string, unknown> = {}
    for (const [index, key] of keys.entries()) {
      if (values[index] !== undefined) result[key] = values[index]
    }
    return result
  }
  const evaluate: Evaluate = (context, scope) => settle(all, context, scope, made)
  return { label, text: '', needsBody: needBody(all), parts: all, evaluate }
}

function listOf(fields: readonly Field[], label: string): Field {
  const made = (values: readonly unknown[]) => values.filter((value) => value !== undefined)
  const evaluate: Evaluate = (context, scope) => settle(fields, context, scope, made)
  return { label, text: '', needsBody: needBody(fields), parts: fields, evaluate }
}

function needBody(fields: readonly Field[]): boolean {
  return fields.some((field) => field.needsBody)
}

/** Evaluates fields side by side, and waits only if one of them has to be waited for. */
function settle<T>(
  fields: readonly Field[],
  context: unknown,
  scope: Scope,
  made: (values: readonly unknown[]) => T,
): T | Promise<T> {
  const values: unknown[] = []
  let waits = false
  try {
    for (const field of fields) {
      const value = field.evaluate(context, scope)
      if (value instanceof Promise) waits = true
      values.push(value)
    }
  } catch (error) {
    // The promises before it are not waited for any more: that one may fail, too, is not news.
    for (const value of values) if (value instanceof Promise) value.catch(() => {})
    throw error
  }
  return waits ? Promise.all(values).then(made) : made(values)
}

type Evaluate = (context: unknown, scope: Scope) => unknown

function guarded(evaluate: Evaluate, context: unknown, scope: Scope, label: string): unknown {
  try {
    const value = evaluate(context, scope)
    return value instanceof Promise ? value.catch((error) => fail(label, error)) : value
  } catch (error) {
    return fail(label, error)
  }
}

function fail(label: string, error: unknown): never {
  if (!(error instanceof ExpressionError)) throw error
  throw new FieldError(`${label}: ${messageOf(error)}`, { cause: error })
}

/** An expression as messages show it. */
export function expressionText(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return `expression \`${line.length > 160 ? `${line.slice(0, 160)}…` : line}\``
}

/** JSONata's idea of true: what is empty, zero or nothing is false. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTruthy)
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
