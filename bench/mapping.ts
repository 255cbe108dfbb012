import { deepStrictEqual } from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FetchAnswers } from '../src/domain/fetch.ts'
import { checksumOf, type IngestItem, ingestItemSchema } from '../src/domain/ingest-item.ts'
import { readJson } from '../src/json/read.ts'
import { textOfHtml } from '../src/mapping/functions/html-text.ts'
import { completeDraft } from '../src/mapping/item/item.ts'
import { bindMapper } from '../src/mapping/library/bind.ts'
import { loadMappers } from '../src/mapping/library/load.ts'
import { type Mapper, nothingFetched } from '../src/mapping/mapper.ts'
import { readWebhook, type WebhookBytes } from '../src/mapping/webhook/webhook.ts'
import { fixtureAnswers } from '../src/stages/fetch/fixture-answers.ts'
import { fixtureBytes, fixtureSource, fixtures, readFetched } from '../test/mapping/fixtures.ts'
import { mapByHand } from './hand-written.ts'
import { median, ratio, us } from './numbers.ts'
import type { Row } from './report.ts'

const rounds = 15
const roundMs = 60
const targetUs = 60

/** The fixture's own text has no tags, and real ones do. */
const description = `<h2>Care</h2><p>A shirt of <b>organic</b> cotton.</p><ul>${'<li>Wash at <i>30 °C</i></li>'.repeat(8)}</ul>`

const rules = { siteDomain: null, defaultLanguage: 'en' }
const handRules = { origin: 'https://example.com', currency: 'USD', language: 'en' }

/** What mapping costs: one product against the same mapping written by hand, step by step, and every built-in mapper. */
export async function benchMapping(): Promise<readonly Row[]> {
  const library = await loadMappers()
  const mapperOf = (name: string) => bindMapper(library.get(name)!, { source: name, ...fixtureSource(name) })
  const rows = await benchProduct(mapperOf('shopify'))
  const all: number[] = []
  for (const name of readdirSync(fixtures).sort()) {
    if (!library.get(name)) continue
    const times = await timesOf(name, mapperOf(name))
    rows.push(mapperRow(name, times))
    all.push(...times)
  }
  const value = median(all)
  rows.push({
    bench: 'mapping',
    what: `any built-in mapper, median of all ${all.length} fixtures`,
    value: us(value),
    target: { text: `< ${targetUs} µs`, met: value < targetUs },
  })
  return rows
}

async function benchProduct(mapper: Mapper): Promise<Row[]> {
  const bytes = fixtureBytes(join(fixtures, 'shopify/products-update.json'))
  const text = bytes.body.toString()
  const webhook = await readWebhook(bytes)
  const { drafts } = await mapper.map(webhook)
  const [draft] = drafts
  if (draft?.kind !== 'upsert') throw new Error('the product was not mapped')
  const item = itemOf(await mapWhole(mapper, bytes))
  const byHand = mapByHand(bytes.body, handRules)
  deepStrictEqual(byHand, item) // otherwise the comparison would say nothing

  const times = await measureAll({
    whole: () => mapWhole(mapper, bytes),
    byHand: () => mapByHand(bytes.body, handRules),
    read: () => readWebhook(bytes),
    json: () => readJson(text),
    plainJson: () => JSON.parse(text),
    map: () => mapper.map(webhook),
    complete: () => completeDraft(draft, rules),
    text: () => textOfHtml(description),
    schema: () => ingestItemSchema.safeParse(item),
    checksum: () => checksumOf(item),
  })
  const of = (name: keyof typeof times) => us(times[name])
  const step = (what: string, name: keyof typeof times, note?: string): Row => ({
    bench: 'mapping',
    what: `… ${what}`,
    value: of(name),
    ...(note && { note }),
  })
  return [
    {
      bench: 'mapping',
      what: 'one Shopify product against the same written by hand',
      value: ratio(times.whole / times.byHand),
      target: { text: '< 3.00', met: times.whole / times.byHand < 3 },
      note: 'the same item, checksum and text; the hand-written one has no schema check',
    },
    { bench: 'mapping', what: 'one Shopify product, bytes to item', value: of('whole'), note: `${text.length} bytes` },
    step(
      'of which: reading the webhook',
      'read',
      `JSON with exact integers ${of('json')}, JSON.parse ${of('plainJson')}`,
    ),
    step('expressions: match, identity, fields', 'map'),
    step('completing the item', 'complete', `schema ${of('schema')}, checksum ${of('checksum')}`),
    {
      bench: 'mapping',
      what: 'text of HTML, which the product does not have',
      value: of('text'),
      note: `${description.length} bytes`,
    },
    { bench: 'mapping', what: 'the same written by hand', value: of('byHand') },
  ]
}

async function timesOf(name: string, mapper: Mapper): Promise<readonly number[]> {
  const folder = join(fixtures, name)
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'))
  const times: number[] = []
  for (const file of files) {
    const bytes = fixtureBytes(join(folder, file))
    const answers = fixtureAnswers(readFetched(join(folder, file)))
    const { one } = await measureAll({ one: () => mapWhole(mapper, bytes, answers) }, 5, 20)
    times.push(one)
  }
  return times
}

function mapperRow(name: string, times: readonly number[]): Row {
  const what = `mapper ${name}, median of its ${times.length} fixtures`
  return { bench: 'mapping', what, value: us(median(times)), note: `slowest ${us(Math.max(...times))}` }
}

/** What a webhook takes on its way to items, apart from the store. */
async function mapWhole(mapper: Mapper, bytes: WebhookBytes, answers: FetchAnswers = nothingFetched.answers) {
  const { drafts } = await mapper.map(await readWebhook(bytes), { answers, acceptsOlder: false })
  return drafts.map(completed)
}

function completed(draft: Parameters<typeof completeDraft>[0]) {
  try {
    return completeDraft(draft, rules)
  } catch (error) {
    return error // a fixture of what is refused
  }
}

function itemOf(changes: Awaited<ReturnType<typeof mapWhole>>): IngestItem {
  const [change] = changes as readonly { readonly item: IngestItem }[]
  return change!.item
}

/**
 * Medians in microseconds of processor time, which others on the machine take nothing of. The functions take turns, so
 * that the rest of the noise hits all of them alike.
 */
async function measureAll<Name extends string>(
  functions: Readonly<Record<Name, () => unknown>>,
  count = rounds,
  forMs = roundMs,
): Promise<Record<Name, number>> {
  const entries = Object.entries(functions) as [Name, () => unknown][]
  const times = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>
  for (const [, run] of entries) await timed(run, forMs)
  for (let round = 0; round < count; round += 1) {
    for (const [name, run] of entries) times[name].push(await timed(run, forMs))
  }
  return Object.fromEntries(entries.map(([name]) => [name, median(times[name])])) as Record<Name, number>
}

async function timed(run: () => unknown, forMs: number): Promise<number> {
  let calls = 0
  const before = process.threadCpuUsage()
  let spentUs = 0
  while (spentUs < forMs * 1000) {
    for (let call = 0; call < 50; call += 1) {
      const result = run()
      if (result instanceof Promise) await result
    }
    calls += 50
    const { user, system } = process.threadCpuUsage(before)
    spentUs = user + system
  }
  return spentUs / calls
}
