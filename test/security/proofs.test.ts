import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Proof } from '../../src/domain/proof.ts'
import { compareVersions, type Version } from '../../src/domain/version.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import type { Draft } from '../../src/mapping/mapper.ts'
import { readWebhook, type WebhookBytes } from '../../src/mapping/webhook/webhook.ts'
import { fixtureAnswers } from '../../src/stages/fetch/fixture-answers.ts'
import { createCoverage } from '../../src/verify/coverage.ts'
import { verifySchema } from '../../src/verify/schema.ts'
import { fixtureBytes, fixtureSource, fixtures, readFetched } from '../mapping/fixtures.ts'

const library = await loadMappers()
const names = library.list().map(({ name }) => name)
const signedAt = Date.parse('2026-09-21T00:00:00Z')
const farAhead = '9999-01-01T00:00:00Z'

/** What the proof of a mapper's own scheme covers; for a fixed token, that of an HMAC in its place. */
function proofOf(cms: string, webhook: WebhookBytes): Proof {
  const config = verifySchema.safeParse({
    ...library.get(cms)!.verify,
    ...(cms === 'hubspot' && { public_url: 'https://relay.example.com/webhooks/test' }),
  }).data
  const covered = config === undefined ? null : createCoverage(config)({ source: cms, ...webhook }, webhook.body)
  if (covered === null) return {}
  return 'at' in covered ? { ...covered, at: signedAt } : covered
}

/** Fixtures of which something is missing that the CMS has sent: what was sent could do more. */
const notAsSent = new Set(['shopify/without-topic.json'])

const filesOf = (cms: string) =>
  readdirSync(join(fixtures, cms)).filter(
    (name) => name.endsWith('.json') && !name.endsWith('.expected.json') && !notAsSent.has(`${cms}/${name}`),
  )

/** Every request in which something that the proof does not cover is another: of other fixtures, without it, far ahead. */
function* forged(webhook: WebhookBytes, others: readonly WebhookBytes[], { headers = [], url }: Proof) {
  const isFree = (name: string) => !headers.includes(name) && !/^content-(type|encoding)$/.test(name)
  const covered = Object.fromEntries(Object.entries(webhook.headers).filter(([name]) => !isFree(name)))
  const variants = new Set<string>()
  const variant = (free: Record<string, string>, query = webhook.query) => {
    const key = JSON.stringify([free, query])
    if (variants.has(key)) return []
    variants.add(key)
    return [{ ...webhook, headers: { ...free, ...covered }, query: url === true ? webhook.query : query }]
  }
  const own = Object.fromEntries(Object.entries(webhook.headers).filter(([name]) => isFree(name)))
  yield* variant({})
  for (const name of Object.keys(own)) {
    const { [name]: _gone, ...rest } = own
    yield* variant(rest)
    yield* variant({ ...own, [name]: farAhead })
  }
  for (const other of others) {
    const free = Object.fromEntries(Object.entries(other.headers).filter(([name]) => isFree(name)))
    yield* variant(free, other.query)
    yield* variant({ ...own, ...free })
    const times = Object.keys({ ...own, ...free }).filter((name) => /time|date|triggered/.test(name))
    yield* variant({ ...own, ...free, ...Object.fromEntries(times.map((name) => [name, farAhead])) })
    for (const [name, value] of Object.entries(free)) yield* variant({ ...own, [name]: value })
  }
}

function textOf(draft: Draft): string {
  if (draft.kind === 'delete') return JSON.stringify(['delete', draft.type, draft.id])
  return JSON.stringify(['upsert', draft.fields])
}

/** The draft that the body makes with its own headers and that is at least as strong: of no older version, or of none. */
function isWithin(draft: Draft, genuine: readonly Draft[]): boolean {
  return genuine.some((one) => textOf(one) === textOf(draft) && isNoNewer(draft.version, one.version))
}

function isNoNewer(version: Version | null, than: Version | null): boolean {
  if (version === than) return true
  const order = compareVersions(version, than)
  return order !== null && order <= 0
}

/** What headers may still decide, each of it said in docs/security.md under "What remains". */
function remains(cms: string, file: string, draft: Draft, body: string): boolean {
  switch (cms) {
    case 'umbraco': // Umbraco signs nothing and has the event in a header alone: its proof is a fixed token
      return true
    case 'shopify':
    case 'woocommerce': // a removal that names a number and nothing else is one of any kind of record with that number
      return draft.kind === 'delete' && body === `{"id":${draft.id.split(':')[1]}}`
    case 'wordpress': // a removal that was not believed leaves the post as its body says that it was
      return file === 'post-deleted-published.json' && draft.kind === 'upsert'
    case 'sanity': // neither the dataset nor an operation that Sanity does not have is in the body
      return ['other-dataset.json', 'unknown-operation.json'].includes(file)
    default:
      return false
  }
}

describe.each(names)('%s', (cms) => {
  const { vars, models } = fixtureSource(cms)
  const mapper = bindMapper(library.get(cms)!, { source: cms, vars, models })
  const all = filesOf(cms).map((file) => fixtureBytes(join(fixtures, cms, file)))

  test.each(filesOf(cms))(
    'whoever holds the body of %s can do no more with it by what its proof does not cover',
    async (file) => {
      const sent = fixtureBytes(join(fixtures, cms, file))
      const proof = proofOf(cms, sent)
      const answers = fixtureAnswers(readFetched(join(fixtures, cms, file)))
      const draftsOf = async (webhook: WebhookBytes) => {
        const read = await readWebhook({ ...webhook, proof })
        return (await mapper.map(read, { answers, acceptsOlder: false })).drafts
      }
      const genuine = await draftsOf(sent)
      for (const request of forged(sent, all, proof)) {
        for (const draft of await draftsOf(request)) {
          if (isTimed(draft, genuine, sent.body.toString(), proof) || isWithin(draft, genuine)) continue
          if (remains(cms, file, draft, sent.body.toString())) continue
          expect.fail(`${basename(file)}: ${textOf(draft)} with ${JSON.stringify(request.headers)} ?${request.query}`)
        }
      }
    },
  )
})

/** Told by a header, and no newer than the proof: whatever is known since then stays, and what the same proof said before. */
function isTimed(draft: Draft, genuine: readonly Draft[], body: string, { at }: Proof): boolean {
  if (at === undefined || draft.unproven !== true) return false
  const isOfTheSame = genuine.some((one) => namesOf(one) === namesOf(draft)) || body.includes(`"${idOf(draft)}"`)
  return isOfTheSame && draft.version === `t:${new Date(at).toISOString().slice(0, 23)}000000Z`
}

function namesOf(draft: Draft): string {
  return `${draft.kind === 'delete' ? draft.type : draft.fields.type} ${idOf(draft)}`
}

/** What the CMS calls the record, without its locale: locales are gone together. */
function idOf(draft: Draft): string {
  const { id } = draft.kind === 'delete' ? draft : draft.fields
  return id.replace(/^[^:]*:|@.*/g, '')
}
