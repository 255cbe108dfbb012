import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RelayError } from '../../src/domain/errors.ts'
import { ingestItemSchema } from '../../src/domain/ingest-item.ts'
import { completeDraft } from '../../src/mapping/item/item.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import type { Mapper } from '../../src/mapping/mapper.ts'
import { readWebhook } from '../../src/mapping/webhook/webhook.ts'
import fc from '../fast-check.ts'
import { fixtureSource, fixtures } from '../mapping/fixtures.ts'
import { hostileHtml } from '../mapping/safe-html/arbitraries.ts'
import { faultsOf } from '../mapping/safe-html/judge.ts'
import { numRuns, timeout } from './runs.ts'

interface Sample {
  readonly cms: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly query: string
}

const library = await loadMappers()
const mappers = new Map<string, { readonly mapper: Mapper; readonly siteDomain: string }>()
const samples: Sample[] = []
for (const { name: cms } of library.list()) {
  const { siteDomain, vars, models } = fixtureSource(cms)
  mappers.set(cms, { mapper: bindMapper(library.get(cms)!, { source: cms, vars, models }), siteDomain })
  const folder = join(fixtures, cms)
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.json') || file.endsWith('.expected.json')) continue
    const { headers, body, rawBody, query = '' } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    samples.push({ cms, headers, body: body ?? rawBody, query })
  }
}

const odd = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue() },
  { weight: 3, arbitrary: hostileHtml },
  fc.constantFrom<unknown>(
    null,
    '',
    [],
    {},
    0,
    -1,
    1e21,
    Number.MAX_VALUE,
    true,
    '__proto__',
    'constructor',
    '\ud800',
    '\u0000',
  ),
  fc.constantFrom<unknown>(
    '2026-02-30',
    '2026-01-01T00:00:00Z',
    '0000-00-00 00:00:00',
    'published',
    'draft',
    'https://evil.example/x',
  ),
  fc.constantFrom<unknown>(
    'javascript:alert(1)',
    '//x',
    '/a b',
    'a@b.example',
    'Infinity',
    '1e400',
    '12.345678',
    '12,50',
    '*',
    'en_US',
  ),
)

/** The value with what is at some of its places replaced, by a number for each choice that has to be made. */
function spoilt(value: unknown, choices: Iterator<number>, replacements: Iterator<unknown>): unknown {
  const choice = choices.next().value ?? 0
  if (choice === 1) return replacements.next().value ?? null
  if (choice === 2) return [value]
  if (Array.isArray(value)) return value.map((entry) => spoilt(entry, choices, replacements))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(() => (choices.next().value ?? 0) !== 3)
  return Object.fromEntries(members.map(([name, member]) => [name, spoilt(member, choices, replacements)]))
}

const incoming = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...samples),
        fc.infiniteStream(fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 3))),
        fc.infiniteStream(odd),
      )
      .map(([sample, choices, replacements]) => ({ ...sample, body: spoilt(sample.body, choices, replacements) })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...samples), odd).map(([sample, body]) => ({ ...sample, body })),
  },
)
/** What the API of the CMS answers to whatever is asked. */
const fetched = fc.oneof(
  fc.constant(undefined),
  odd.map((body) => ({ kind: 'found' as const, body })),
  fc.constantFrom(...samples).map(({ body }) => ({ kind: 'found' as const, body })),
  fc.constant({ kind: 'gone' as const }),
)

const longestMs = 5_000

test('whatever a CMS sends, mapping throws nothing, ends soon, and gives only sound items', {
  timeout,
}, async () => {
  let upserts = 0
  let removals = 0
  await fc.assert(
    fc.asyncProperty(incoming, fetched, fc.boolean(), async ({ cms, headers, body, query }, answer, acceptsOlder) => {
      const { mapper, siteDomain } = mappers.get(cms)!
      const lower = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]))
      const bytes = Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''))
      const webhook = await readWebhook({
        ...{ method: 'POST', path: `/webhooks/${cms}`, query, headers: lower, body: bytes, limit: 1e7 },
      }).catch((error: unknown) => {
        if (error instanceof RelayError) return null // malformed: refused before it is mapped
        throw error
      })
      if (webhook === null) return
      const startedAt = performance.now()
      await Promise.try(mapper.readEvent, webhook).catch((error: unknown) => expect(error).toBeInstanceOf(RelayError))
      await mapper.readPing(webhook)
      const { drafts, problems, skipped, requests } = await mapper.map(webhook, { answers: () => answer, acceptsOlder })
      expect(performance.now() - startedAt).toBeLessThan(longestMs)
      expect(drafts.length + problems.length + requests.length > 0 || skipped !== null).toBe(true)
      for (const problem of problems) expect(problem.length).toBeLessThan(5_000)
      for (const draft of drafts) {
        const change = completed(() => completeDraft(draft, { siteDomain, defaultLanguage: 'en' }))
        if (change === null) continue
        if (change.kind === 'delete') {
          removals += 1
          expect(typeof change.id).toBe('string')
          expect(change.id).not.toBe('')
          continue
        }
        upserts += 1
        const item = ingestItemSchema.parse(change.item)
        expect(typeof item.id).toBe('string')
        expect(faultsOf(item.html ?? '')).toEqual([])
      }
    }),
    { numRuns },
  )
  expect(upserts).toBeGreaterThan(10)
  expect(removals).toBeGreaterThan(10)
})

/** Null where the item is refused in words. */
function completed<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    if (error instanceof RelayError) return null
    throw error
  }
}
