import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { modelsSchema } from '../../src/mapping/definition/models.ts'
import type { WebhookBytes } from '../../src/mapping/webhook/webhook.ts'
import type { FixtureAnswer } from '../../src/stages/fetch/fixture-answers.ts'

/** A folder for each built-in mapper: webhooks, what they come to, and `source.yaml`. */
export const fixtures = join(import.meta.dirname, '../fixtures')

const schema = z
  .strictObject({
    site_domain: z.string().default('example.com'),
    vars: z.record(z.string(), z.json()).default({}),
    models: modelsSchema.default({}),
  })
  .transform(({ site_domain: siteDomain, vars, models }) => ({ siteDomain, vars, models }))

/** How a source of this CMS, and its destination, are configured while its fixtures are mapped. */
export function fixtureSource(cms: string): z.output<typeof schema> {
  return schema.parse(parse(readFileSync(join(fixtures, cms, 'source.yaml'), 'utf8')) ?? {})
}

/** The bytes of a fixture: the body's JSON has every digit that is in the file. */
export function fixtureBytes(file: string): WebhookBytes {
  const { headers, rawBody, body, method = 'POST', query = '' } = exactJson(readFileSync(file, 'utf8')) as Fixture
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
  const exact = exactJson(text) as { fetched?: FixtureAnswer[] }
  return fetched.map((answer, index) => ({ ...answer, body: exact.fetched?.[index]?.body }))
}

/** JSON.parse, but numbers are written again as they were. */
function exactJson(text: string): unknown {
  const { parse, rawJSON } = JSON as unknown as {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
    rawJSON(text: string): unknown
  }
  return parse(text, (_key, value, { source }) => (typeof value === 'number' && source ? rawJSON(source) : value))
}
