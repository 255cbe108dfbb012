import { CommanderError } from 'commander'
import { type ErrorCode, messageOf, RelayError, stackOf } from '../../domain/errors.ts'
import { escapeJson, escapeLines, escapeText } from '../../domain/printable.ts'
import { type Issue, issueText, plainIssue } from '../../mistakes/issue.ts'
import { mistakesText } from './mistakes.ts'

/** A command that was called in a way that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** Whose help shows how it is called, if that is not said yet. */
  readonly command: string | undefined

  constructor(message: string, { command }: { readonly command?: string } = {}) {
    super(message)
    this.command = command
  }
}

/** What went wrong, as programs are told: an error as the admin API answers it, less what only HTTP has. */
export interface Failure {
  readonly ok: false
  readonly error: {
    /** `usage`: wrong use. `system`: the operating system refuses something. `internal`: a bug. Others are those of the admin API. */
    readonly code: ErrorCode | 'usage' | 'system' | 'internal'
    readonly message: string
    readonly details: Readonly<Record<string, unknown>>
  }
}

export interface ReportOptions {
  readonly json: boolean
  readonly write: (text: string) => void
}

/** Tells what went wrong: people in words, without a stack trace if it was expected; programs on one line. Answers the exit code. */
export function reportFailure(error: unknown, { json, write }: ReportOptions): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // help, which commander has printed
  write(json ? `${escapeJson(JSON.stringify(failureOf(error)))}\n` : forPeople(error))
  return error instanceof UsageError ? 2 : 1
}

function failureOf(error: unknown): Failure {
  const message = messageOf(error)
  if (error instanceof UsageError) return { ok: false, error: { code: 'usage', message, details: {} } }
  if (error instanceof RelayError) return { ok: false, error: { code: error.code, message, details: detailsOf(error) } }
  if (isSystemError(error)) {
    const { code, syscall, path } = error
    return { ok: false, error: { code: 'system', message, details: { code, syscall, path } } }
  }
  return { ok: false, error: { code: 'internal', message, details: { stack: stackOf(error) } } }
}

function issuesIn({ details }: RelayError): readonly Issue[] {
  return (details['issues'] as readonly Issue[] | undefined) ?? []
}

function detailsOf(error: RelayError): Readonly<Record<string, unknown>> {
  const issues = issuesIn(error)
  return issues.length === 0 ? error.details : { ...error.details, issues: issues.map(plainIssue) }
}

function forPeople(error: unknown): string {
  if (error instanceof UsageError) {
    const { message, command } = error
    const hint = command === undefined ? '' : `  ${command} --help shows how it is called\n`
    return `cms-relay: ${escapeText(message)}\n${hint}`
  }
  if (error instanceof RelayError || isSystemError(error)) {
    const issues = error instanceof RelayError ? issuesIn(error) : []
    const head = `cms-relay: ${escapeText(withoutList(messageOf(error), issues.map(issueText)))}\n`
    const gap = issues.length > 0 && process.stderr.isTTY ? '\n' : ''
    return head + gap + mistakesText(issues, process.stderr)
  }
  return `cms-relay: ${escapeLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`
}

/** A message that ends with the mistakes, without them: they are listed below it. */
function withoutList(message: string, lines: readonly string[]): string {
  const list = `: ${lines.join('; ')}`
  return lines.length > 0 && message.endsWith(list) ? message.slice(0, -list.length) : message
}

/** A port in use, a missing file, …: the operating system's word is enough. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
