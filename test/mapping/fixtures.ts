import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FixtureSettings, readSettings } from '../../src/commands/try/test/fixture-folder.ts'
import { readExactJson } from '../../src/json/exact.ts'
import type { WebhookBytes } from '../../src/mapping/webhook/webhook.ts'
import type { FixtureAnswer } from '../../src/stages/fetch/fixture-answers.ts'

/** A folder for each built-in mapper: webhooks, what they come to, and `source.yaml`. */
export const fixtures = join(import.meta.dirname, '../fixtures')

/** How a source of this CMS, and its destination, are configured while its fixtures are mapped. */
export function fixtureSource(cms: string): {
  readonly siteDomain: string
  readonly vars: FixtureSettings['vars']
  readonly models: FixtureSettings['models']
} {
  const { site_domain: siteDomain, vars, models } = readSettings(join(fixtures, cms))
  return { siteDomain, vars, models }
}

/** The bytes of a fixture: the body's JSON has every digit that is in the file. */
export function fixtureBytes(file: string): WebhookBytes {
  const { headers, rawBody, body, method = 'POST', query = '' } = readExactJson(readFileSync(file, 'utf8')) as Fixture
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method,
    path: '/webhooks/test',
    query,
    headers: Object.fromEntries(lowerCase),
    body: Buffer.from(rawBody ?? JSON.stringify(body) ?? ''),
    limit: 1e6,
  }
}

interface Fixture {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly rawBody?: string
  readonly method?: string
  readonly query?: string
}

/** What the CMS's API answers in a fixture. */
export function readFetched(file: string): readonly FixtureAnswer[] {
  const text = readFileSync(file, 'utf8')
  const { fetched = [] } = JSON.parse(text) as { fetched?: FixtureAnswer[] }
  const exact = readExactJson(text) as { fetched?: FixtureAnswer[] }
  return fetched.map((answer, index) => ({ ...answer, body: exact.fetched?.[index]?.body }))
}
