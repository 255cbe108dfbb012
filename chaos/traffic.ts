import { createHmac } from 'node:crypto'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'

export const shopSecret = 'chaos-shop-secret'
export const cmsSecret = 'chaos-cms-secret'
export const poisonId = 'product:666'

/** One save in the CMS: what the public shall see from then on. Versions of an item grow. */
export interface Save {
  /** As the ingest API knows it, such as `product:12`. */
  readonly item: string
  readonly version: number
  readonly live: boolean
}

interface Webhook {
  readonly source: 'shop' | 'cms'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What it tells of; several where the CMS sends batches. */
  readonly saves: readonly Save[]
  /** When the CMS first sends it. Milliseconds since the first webhook. */
  readonly atMs: number
}

export interface Traffic {
  readonly webhooks: readonly Webhook[]
  /** Every save of every item, in the order in which they happened. */
  readonly saves: ReadonlyMap<string, readonly Save[]>
}

const firstSave = Date.UTC(2026, 0, 1)

/** What editors do in one round, and what the CMSs make of it: bursts, batches, doubles, and anything out of order. */
export function createTraffic({ items, savesEach, trafficMs, poison }: Plan, random: Random): Traffic {
  const saves = new Map<string, Save[]>()
  for (let index = 0; index < items; index += 1) {
    const item = index % 2 === 0 ? `product:${1_000 + index}` : `post:${1_000 + index}`
    saves.set(item, savesOf(item, savesEach, random))
  }
  if (poison) saves.set(poisonId, [{ item: poisonId, version: 1, live: true }])

  const once: Webhook[] = []
  for (const [item, history] of saves) {
    const burstAt = random.whole(0, trafficMs)
    const isBurst = random.chance(0.4)
    for (const save of history) {
      const atMs = isBurst ? burstAt + random.whole(0, 40) : random.whole(0, trafficMs)
      once.push(item.startsWith('product:') ? shopWebhook(save, atMs) : cmsWebhook([save], atMs))
    }
  }
  // Half of those of the CMS go together, several in a body.
  const alone = once.filter(({ source }) => source === 'shop' || random.chance(0.5))
  const together = random.shuffled(once.filter((webhook) => !alone.includes(webhook)))
  for (let at = 0; at < together.length; at += 4) {
    const group = together.slice(at, at + 4)
    alone.push(cmsWebhook(group.flatMap(({ saves }) => saves), group[0]!.atMs)) // biome-ignore format: one idea
  }
  const doubled = alone
    .filter(() => random.chance(0.2))
    .map((one) => ({ ...one, atMs: one.atMs + random.whole(0, 300) }))
  return { webhooks: [...alone, ...doubled].sort((a, b) => a.atMs - b.atMs), saves }
}

/** A shop's product is removed at most once, at the end; a CMS takes things offline and puts them back. */
function savesOf(item: string, count: number, random: Random): Save[] {
  const isProduct = item.startsWith('product:')
  const endsRemoved = random.chance(0.25)
  return Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1
    const live = isProduct ? !(isLast && endsRemoved) : random.chance(0.8)
    return { item, version: index + 1, live }
  })
}

function timeOf(version: number): string {
  return new Date(firstSave + version * 60_000).toISOString()
}

function shopWebhook(save: Save, atMs: number): Webhook {
  const { item, version, live } = save
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
          body_html: `<p>v${version}</p>`,
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
  return { source: 'shop', headers, body, saves: [save], atMs }
}

function cmsWebhook(saves: readonly Save[], atMs: number): Webhook {
  const items = saves.map(({ item, version, live }) => ({
    event: 'post.saved',
    id: item.split(':')[1],
    version,
    status: live ? 'published' : 'draft',
    url: `https://example.com/${item.replace(':', '/')}`,
    title: item,
    html: `<p>v${version}</p>`,
  }))
  const body = JSON.stringify({ event: 'post.saved', items })
  const signature = createHmac('sha256', cmsSecret).update(body).digest('hex')
  return { source: 'cms', headers: { 'content-type': 'application/json', 'x-signature': signature }, body, saves, atMs }
}

export interface Sent {
  /** The highest version of each item that the relay has acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>
  readonly webhooks: number
  readonly answers: ReadonlyMap<string, number>
}

const ownTimeoutMs = 2_000
const longestMs = 60_000

/** Sends as CMSs do: again after anything but a 2xx and after their own timeout, until the relay has taken it. */
export async function sendTraffic({ webhooks }: Traffic, origin: string, random: Random): Promise<Sent> {
  const acknowledged = new Map<string, number>()
  const answers = new Map<string, number>()
  const count = (answer: string) => answers.set(answer, (answers.get(answer) ?? 0) + 1)
  const start = performance.now()

  async function deliver({ source, headers, body, saves, atMs }: Webhook): Promise<void> {
    await sleep(atMs - (performance.now() - start))
    for (;;) {
      const status = await post(`${origin}/webhooks/${source}`, headers, body)
      count(String(status))
      if (status === 202) break
      if (performance.now() - start > longestMs)
        throw new Error(`a webhook was not taken within ${longestMs / 1_000} s`)
      await sleep(random.whole(20, 200))
    }
    for (const { item, version } of saves) acknowledged.set(item, Math.max(version, acknowledged.get(item) ?? 0))
  }

  await Promise.all(webhooks.map(deliver))
  return { acknowledged, webhooks: webhooks.length, answers }
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number | string> {
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ownTimeoutMs) })
    await answer.arrayBuffer()
    return answer.status
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'timeout' : 'no connection'
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
