import { once } from 'node:events'
import { escapeJson, escapeLines, escapeText } from '../../domain/printable.ts'

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

/** Prints lines that the command itself has coloured: each piece of content in them went through `escapeText`. */
export function printColoured(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Prints for machines alone. */
export function printJson(value: unknown): void {
  print(value, { json: true, text: () => '' })
}

function forPeople(text: string | readonly string[]): string {
  return typeof text === 'string' ? escapeLines(text) : text.map(escapeText).join('\n')
}
