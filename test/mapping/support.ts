import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RelayError } from '../../src/domain/errors.ts'
import { type FetchAnswers, fetchText } from '../../src/domain/fetch.ts'
import { completeDraft } from '../../src/mapping/item/item.ts'
import { type BindOptions, bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers, type MapperLibrary } from '../../src/mapping/library/load.ts'
import type { ItemRules, Mapper } from '../../src/mapping/mapper.ts'
import { readWebhook, type Webhook } from '../../src/mapping/webhook/webhook.ts'
import type { Issue } from '../../src/mistakes/issue.ts'
import { type FixtureAnswer, fixtureAnswers } from '../../src/stages/fetch/fixture-answers.ts'
import { createFolder } from '../folder.ts'
import { fixtureBytes } from './fixtures.ts'

/** A folder with these files, gone after the test. */
export function folder(files: Readonly<Record<string, string>>): string {
  const path = createFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

/** The built-in mappers and the user's own in these files. */
export function load(files: Readonly<Record<string, string>>): Promise<MapperLibrary> {
  return loadMappers({ userDir: folder(files) })
}

/** A mapper with these records and nothing else, bound to the source `test`. */
export async function mapperOf(records: string, options: Partial<BindOptions> & { readonly head?: string } = {}) {
  const { head = '', ...bind } = options
  const library = await load({ 'test.yaml': `name: test\ntitle: Test\n${head}\nrecords:\n${records}` })
  return bindMapper(library.get('test')!, { source: 'test', ...bind })
}

/** A webhook with this body. */
export function webhook(body: unknown, headers: Readonly<Record<string, string>> = {}): Webhook {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  return { method: 'POST', path: '/webhooks/test', headers, query: {}, body, digest }
}

/** A fixture as the CMS would send it. */
export function readFixture(file: string): Promise<Webhook> {
  return readWebhook(fixtureBytes(file))
}

export interface Outcome {
  readonly event: { readonly id: string | null; readonly topic: string | null }
  readonly changes: readonly unknown[]
  /** Of each change: its version, and of a removal whether the CMS has spoken of one. */
  readonly facts: readonly { readonly version: string | null; readonly certain?: boolean }[]
  readonly skipped: string | null
  readonly problems: readonly string[]
  readonly ping?: unknown
  /** What is asked of the CMS's API, in order. */
  readonly asks?: readonly string[]
}

/** Everything that a webhook comes to, with what the CMS's API answers. */
export async function outcomeOf(
  mapper: Mapper,
  incoming: Webhook,
  rules: ItemRules,
  fetched: readonly FixtureAnswer[] = [],
): Promise<Outcome> {
  const event = await mapper.readEvent(incoming)
  const ping = await mapper.readPing(incoming)
  if (ping)
    return { event, changes: [], facts: [], skipped: null, problems: [], ping: JSON.parse(JSON.stringify(ping)) }
  const known = fixtureAnswers(fetched)
  const asks = new Set<string>()
  const answers: FetchAnswers = (request) => {
    asks.add(fetchText(request))
    return known(request)
  }
  const { drafts, skipped, problems } = await mapper.map(incoming, { answers, acceptsOlder: false })
  const outcome = {
    event,
    changes: [] as unknown[],
    facts: [] as Outcome['facts'][number][],
    skipped,
    problems: [...problems],
    ...(asks.size > 0 && { asks: [...asks] }),
  }
  for (const draft of drafts) {
    try {
      const { version, ...change } = completeDraft(draft, rules)
      if (change.kind === 'upsert') outcome.facts.push({ version })
      else outcome.facts.push({ version, certain: change.certain })
      outcome.changes.push(change.kind === 'upsert' ? change : { kind: 'delete', type: change.type, id: change.id })
    } catch (error) {
      if (!(error instanceof RelayError)) throw error
      outcome.problems.push(error.message)
    }
  }
  return outcome
}

/** An issue with its file before the path, and its line behind the message. */
function inOneFile({ path, message, file, line }: Issue): { path: string; message: string } {
  const place = [file, path].filter(Boolean).join(': ')
  return { path: place, message: line === undefined ? message : `${message} (line ${line})` }
}

/** The issues of what is thrown; a test fails where nothing is. */
export async function issuesOf(run: () => unknown): Promise<readonly { path: string; message: string }[]> {
  try {
    await run()
  } catch (error) {
    if (error instanceof RelayError) return (error.details['issues'] as readonly Issue[]).map(inOneFile)
    throw error
  }
  throw new Error('nothing was thrown')
}
