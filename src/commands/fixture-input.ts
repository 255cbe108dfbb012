import { z } from 'zod'
import { fixtureFields } from '../api/fixture.ts'
import { RelayError } from '../domain/errors.ts'
import { readJson } from '../json/read.ts'
import type { Fixture } from '../stages/operate/preview-webhook.ts'
import { UsageError } from './failure.ts'
import { readInputFile } from './input.ts'

/** Where a command finds one webhook. */
export interface FixtureOptions {
  readonly fixture?: string
  readonly input?: string
  readonly header: readonly string[]
}

const fixtureSchema = z.strictObject({
  ...fixtureFields,
  method: z.string().optional(),
  // Where the webhook is from, and what it was signed with: notes for readers of the fixture.
  source: z.string().optional(),
  secret: z.unknown().optional(),
})

/** The webhook that a command line gives: as a fixture, or as a body with headers. */
export function readFixture({ fixture, input, header }: FixtureOptions): Fixture {
  if ((fixture === undefined) === (input === undefined)) throw new UsageError('give one of --fixture and --input')
  const extra = Object.fromEntries(header.map(headerOf))
  if (input !== undefined) return { headers: extra, rawBody: readInputFile(input).toString('utf8') }
  const text = readInputFile(fixture ?? '-').toString('utf8')
  let document: unknown
  try {
    document = readJson(text)
  } catch (error) {
    throw new RelayError('invalid', `${fixture} is not JSON`, { cause: error })
  }
  const result = fixtureSchema.safeParse(document)
  if (!result.success) throw new RelayError('invalid', `${fixture} is no fixture: ${z.prettifyError(result.error)}`)
  return { ...result.data, headers: { ...result.data.headers, ...extra } }
}

function headerOf(line: string): [string, string] {
  const match = /^([^:\s]+):\s*(.*)$/s.exec(line)
  if (!match) throw new UsageError(`--header '${line}' is not of the form 'Name: value'`)
  return [match[1]!.toLowerCase(), match[2]!]
}
