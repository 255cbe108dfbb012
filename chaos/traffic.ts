import { createHmac } from 'node:crypto'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'

export const shopSecret = 'chaos-shop-secret'
export const cmsSecret = 'chaos-cms-secret'
export const siteSecret = `whsec_${Buffer.from('chaos-site-secret-of-32-bytes-xx').toString('base64')}`
export const poisonId = 'product:666'

/** One save in the CMS: what the public shall see from then on. Versions of an item grow. */
export interface Save {
  /** As the ingest API knows it, such as `product:12`. */
  readonly item: string
  readonly version: number
  readonly live: boolean
  /** What its text says: that of an earlier save at times, or nothing at all. */
  readonly text: string
}

interface Webhook {
  readonly source: 'shop' | 'cms' | 'site'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What it tells of; several where the CMS sends batches. */
  readonly saves: readonly Save[]
  /** When the CMS first sends it, at the earliest. Milliseconds since the first webhook. */
  readonly atMs: number
  /** What must have been taken before it is sent: it has no version of its own that would say so. */
  readonly after: readonly Webhook[]
}

export interface Traffic {
  readonly webhooks: readonly Webhook[]
  /** Every save of every item, in the order in which they happened. */
  readonly saves: ReadonlyMap<string, readonly Save[]>
}

const firstSave = Date.UTC(2026, 0, 1)
const farAhead = Date.UTC(2099, 0, 1)

/**
 * What editors do in one round, and what the CMSs make of it: bursts, batches, doubles, and anything out of order.
 * A shop signs no time, so its removal has no version and nothing but its arrival says that it is the last: it is sent after
 * all earlier webhooks of the product were taken. Pages are dated far ahead: each save counts as its receipt, so they come in order.
 */
export function createTraffic(plan: Plan, random: Random): Traffic {
  const { items, savesEach, trafficMs, poison } = plan
  const saves = new Map<string, Save[]>()
  for (let index = 0; index < items; index += 1) {
    const item = `${typesOf(plan)[index % typesOf(plan).length]}:${1_000 + index}`
    saves.set(item, savesOf(item, savesEach, random))
  }
  if (poison) saves.set(poisonId, [{ item: poisonId, version: 1, live: true, text: 'v1' }])

  const once = [...saves.values()].flatMap((history) => webhooksOf(history, trafficMs, random))
  // Half of those of the CMS go together, several in a body.
  const isPost = ({ saves: [save] }: Webhook) => save!.item.startsWith('post:')
  const alone = once.filter((webhook) => !isPost(webhook) || random.chance(0.5))
  const together = random.shuffled(once.filter((webhook) => !alone.includes(webhook)))
  for (let at = 0; at < together.length; at += 4) {
    const group = together.slice(at, at + 4)
    alone.push(cmsWebhook(group.flatMap(({ saves }) => saves), group[0]!.atMs)) // biome-ignore format: one idea
  }
  // What has neither version nor delivery id is another save if it comes again.
  const mayDouble = ({ saves: [save] }: Webhook) => !save!.item.startsWith('faq:')
  const doubled = alone
    .filter((webhook) => mayDouble(webhook) && random.chance(0.2))
    .map((webhook) => doubleOf(webhook, random))
  return { webhooks: [...alone, ...doubled].sort((a, b) => a.atMs - b.atMs), saves }
}

/** Where the relay's clock steps back, what counts as its receipt may come before what preceded it. */
function typesOf({ process }: Plan): readonly string[] {
  const types = ['product', 'post', 'doc', 'faq', 'product', 'post', 'doc', 'faq']
  return process.some(({ kind }) => kind === 'clock') ? types : [...types, 'page']
}

/** A shop's product is removed at most once, at the end; a CMS takes things offline and puts them back. */
function savesOf(item: string, count: number, random: Random): Save[] {
  const isProduct = item.startsWith('product:')
  const endsRemoved = random.chance(0.4)
  const saves: Save[] = []
  for (let version = 1; version <= count; version += 1) {
    const live = version === count ? !endsRemoved : isProduct || random.chance(0.8)
    saves.push({ item, version, live, text: textOf(version, saves, random) })
  }
  return saves
}

/** Editors undo what they did, and empty what they wrote. */
function textOf(version: number, before: readonly Save[], random: Random): string {
  const earlier = before.at(-2)
  if (earlier && random.chance(0.35)) return earlier.text
  return random.chance(0.1) ? '' : `v${version}`
}

/** Whether a save takes back the one before it: that is done soon after. */
function isUndo(history: readonly Save[], index: number): boolean {
  const [earlier, before, now] = [history[index - 2], history[index - 1], history[index]]
  return earlier?.text === now?.text && before?.text !== now?.text
}

/** Those of one item, each at its time. */
function webhooksOf(history: readonly Save[], trafficMs: number, random: Random): Webhook[] {
  const burstAt = random.whole(0, trafficMs)
  const isBurst = random.chance(0.4)
  const webhooks: Webhook[] = []
  for (const [index, save] of history.entries()) {
    const last = webhooks.at(-1)
    const atMs =
      last && isUndo(history, index)
        ? last.atMs + random.whole(5, 80)
        : isBurst
          ? burstAt + random.whole(0, 40)
          : random.whole(0, trafficMs)
    const type = save.item.split(':')[0]
    if (type === 'product') webhooks.push(shopWebhook(save, atMs, save.live ? [] : [...webhooks]))
    else if (type === 'doc') webhooks.push(siteWebhook(save, atMs))
    else if (type === 'page') webhooks.push(pageWebhook(save, atMs, [...webhooks]))
    else if (type === 'faq') webhooks.push(signedByCms(envelopeOf(save), [save], atMs, [...webhooks]))
    else webhooks.push(cmsWebhook([save], atMs))
  }
  return webhooks
}

/** The same once more; a shop with two subscriptions sends the same save under two ids. */
function doubleOf(webhook: Webhook, random: Random): Webhook {
  const atMs = webhook.atMs + random.whole(0, 300)
  if (webhook.source !== 'shop' || random.chance(0.5)) return { ...webhook, atMs }
  const id = `${webhook.headers['x-shopify-webhook-id']}-again`
  return { ...webhook, headers: { ...webhook.headers, 'x-shopify-webhook-id': id }, atMs }
}

function timeOf(version: number): string {
  return new Date(firstSave + version * 60_000).toISOString()
}

function shopWebhook(save: Save, atMs: number, after: readonly Webhook[]): Webhook {
  const { item, version, live, text } = save
  const id = Number(item.split(':')[1])
  const body = JSON.stringify(
    live
      ? {
          id,
          title: `Product ${id}`,
          handle: `product-${id}`,
          status: 'active',
          published_at: timeOf(0),
          updated_at: timeOf(version),
          body_html: htmlOf(text),
          variants: [{ id: 1, title: 'One', price: '10.00', sku: 'S' }],
        }
      : { id },
  )
  const headers = {
    'content-type': 'application/json',
    'x-shopify-topic': live ? 'products/update' : 'products/delete',
    'x-shopify-webhook-id': `${item}-${version}`,
    'x-shopify-triggered-at': timeOf(version),
    'x-shopify-hmac-sha256': createHmac('sha256', shopSecret).update(body).digest('base64'),
  }
  return { source: 'shop', headers, body, saves: [save], atMs, after }
}

function cmsWebhook(saves: readonly Save[], atMs: number): Webhook {
  const items = saves.map((save) => ({ ...envelopeOf(save), version: save.version }))
  return signedByCms({ event: 'post.saved', items }, saves, atMs, [])
}

/** As a CMS sends what an editor has dated by hand. */
function pageWebhook(save: Save, atMs: number, after: readonly Webhook[]): Webhook {
  const { item, version } = save
  const updatedAt = new Date(farAhead - version * 86_400_000).toISOString() // later saves have earlier dates
  const body = { ...envelopeOf(save), delivery_id: `${item}-${version}`, updated_at: updatedAt }
  return signedByCms(body, [save], atMs, after)
}

function htmlOf(text: string): string {
  return text === '' ? '' : `<p>${text}</p>`
}

function envelopeOf({ item, live, text }: Save) {
  const [type, id] = item.split(':')
  return {
    event: `${type}.saved`,
    id,
    status: live ? 'published' : 'draft',
    url: `https://example.com/${type}/${id}`,
    title: item,
    html: htmlOf(text),
    json: { item }, // without a text there must be something
  }
}

function signedByCms(envelope: object, saves: readonly Save[], atMs: number, after: readonly Webhook[]): Webhook {
  const body = JSON.stringify(envelope)
  const signature = createHmac('sha256', cmsSecret).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-signature': signature }
  return { source: 'cms', headers, body, saves, atMs, after }
}

/** A removal says when it happened, and the signature covers that: it may come in any order. */
function siteWebhook(save: Save, atMs: number): Webhook {
  const { item, version, live } = save
  const { event: _event, status: _status, ...record } = envelopeOf(save)
  const body = JSON.stringify({
    type: live ? 'doc.updated' : 'doc.deleted',
    timestamp: timeOf(version),
    data: live ? { ...record, status: 'published' } : { id: record.id },
  })
  const id = `${item.replace(':', '-')}-${version}`
  const timestamp = Math.floor(Date.now() / 1_000)
  const key = Buffer.from(siteSecret.slice('whsec_'.length), 'base64')
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  }
  return { source: 'site', headers, body, saves: [save], atMs, after: [] }
}

export interface Sent {
  /** By the id that the relay has answered with: whose webhook it was. */
  readonly events: ReadonlyMap<string, { readonly item: string }>
  /** The highest version of each item that the relay has acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>
  readonly webhooks: number
  readonly answers: ReadonlyMap<string, number>
}

const ownTimeoutMs = 2_000
const longestMs = 180_000

/** Sends as CMSs do: again after anything but a 2xx and after their own timeout, until the relay has taken it. */
export async function sendTraffic(
  { webhooks }: Traffic,
  origin: string,
  random: Random,
  events = new Map<string, { readonly item: string }>(),
): Promise<Sent> {
  const acknowledged = new Map<string, number>()
  const answers = new Map<string, number>()
  const count = (answer: string) => answers.set(answer, (answers.get(answer) ?? 0) + 1)
  const start = performance.now()

  const taken = new Map<Webhook, Promise<void>>()
  function take(webhook: Webhook): Promise<void> {
    const known = taken.get(webhook) ?? deliver(webhook)
    taken.set(webhook, known)
    return known
  }

  async function deliver({ source, headers, body, saves, atMs, after }: Webhook): Promise<void> {
    await Promise.all(after.map(take))
    await sleep(atMs - (performance.now() - start))
    for (;;) {
      const { status, eventId } = await post(`${origin}/webhooks/${source}`, headers, body)
      count(String(status))
      if (eventId !== null) events.set(eventId, saves[0]!)
      if (status === 202) break
      if (performance.now() - start > longestMs)
        throw new Error(`a webhook was not taken within ${longestMs / 1_000} s`)
      await sleep(random.whole(20, 200))
    }
    for (const { item, version } of saves) acknowledged.set(item, Math.max(version, acknowledged.get(item) ?? 0))
  }

  await Promise.all(webhooks.map(take))
  return { events, acknowledged, webhooks: webhooks.length, answers }
}

interface Told {
  readonly status: number | string
  readonly eventId: string | null
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Told> {
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ownTimeoutMs) })
    const text = await answer.text()
    return { status: answer.status, eventId: answer.status === 202 ? JSON.parse(text).data.event_id : null }
  } catch (error) {
    return { status: (error as Error).name === 'TimeoutError' ? 'timeout' : 'no connection', eventId: null }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
