import { once } from 'node:events'
import { CommanderError } from 'commander'
import type { Issue } from '../config/substitute.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import { escapeJson, escapeLines, escapeText } from '../domain/printable.ts'

/** A command that was called in a way that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Tells a person what went wrong, without a stack trace if it was expected. Answers the exit code. */
export function reportFailure(error: unknown, write: (text: string) => void): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has said it already
  if (error instanceof UsageError) {
    write(`cms-relay: ${escapeText(error.message)}\n`)
    return 2
  }
  if (error instanceof RelayError || isSystemError(error)) {
    const issues = error instanceof RelayError ? (error.details['issues'] as readonly Issue[] | undefined) : undefined
    const lines = (issues ?? []).map(({ path, message }) => (path ? `${path}: ${message}` : message))
    write(`cms-relay: ${escapeText(withoutList(messageOf(error), lines))}\n`)
    for (const line of lines) write(`  ${escapeText(line)}\n`)
    return 1
  }
  write(`cms-relay: ${escapeLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
  return 1
}

/** A message that ends with the mistakes, without them: they are listed below it. */
function withoutList(message: string, lines: readonly string[]): string {
  const list = `: ${lines.join('; ')}`
  return lines.length > 0 && message.endsWith(list) ? message.slice(0, -list.length) : message
}

/** A port in use, a missing file, …: the operating system's word is enough. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/**
 * Prints for machines with `--json`, else for people. Whatever content holds, a terminal shows it and does not obey it. Of a list
 * each text is one line. In a single text line breaks stay: content in it goes through `escapeText` or `table`.
 */
export function print(
  value: unknown,
  { json, text }: { readonly json: boolean; readonly text: () => string | readonly string[] },
): void {
  process.stdout.write(`${json ? escapeJson(JSON.stringify(value, null, 2)) : forPeople(text())}\n`)
}

/** Prints a part of what may be long, as `print` does, once there is room for it: no more of it is held than one part. */
export async function printPart(
  part: { readonly json: string } | { readonly lines: readonly string[] },
): Promise<void> {
  const text = 'json' in part ? escapeJson(part.json) : `${forPeople(part.lines)}\n`
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Prints for machines alone. */
export function printJson(value: unknown): void {
  print(value, { json: true, text: () => '' })
}

function forPeople(text: string | readonly string[]): string {
  return typeof text === 'string' ? escapeLines(text) : text.map(escapeText).join('\n')
}

/** Columns as wide as their widest cell. A row is one line, whatever its cells hold. */
export function table(content: readonly (readonly string[])[]): string {
  const rows = content.map((row) => row.map(escapeText))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
