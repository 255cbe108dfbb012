import type { Fixture } from '../../stages/operate/preview-webhook.ts'
import { UsageError } from '../shared/failure.ts'
import { readInputFile } from '../shared/input.ts'
import { parseFixture } from './fixture.ts'

/** Where a command finds one webhook. */
export interface FixtureOptions {
  readonly fixture?: string
  readonly input?: string
  readonly header: readonly string[]
}

/** The webhook that a command line gives: as a fixture, or as a body with headers. */
export function readFixture({ fixture, input, header }: FixtureOptions): Fixture {
  if ((fixture === undefined) === (input === undefined)) throw new UsageError('give one of --fixture and --input')
  const extra = Object.fromEntries(header.map(headerOf))
  if (input !== undefined) return { headers: extra, rawBody: readInputFile(input).toString('utf8') }
  const given = parseFixture(readInputFile(fixture ?? '-').toString('utf8'), fixture ?? '-')
  return { ...given, headers: { ...given.headers, ...extra } }
}

/** Name, in lower case, and value. Throws UsageError if the text is no header. */
export function headerOf(line: string): [string, string] {
  const match = /^([^:\s]+):\s*(.*)$/s.exec(line)
  if (!match) throw new UsageError(`--header '${line}' is not of the form 'Name: value'`)
  return [match[1]!.toLowerCase(), match[2]!]
}
