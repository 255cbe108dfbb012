import { expect } from 'vitest'
import { createFolder } from '../folder.ts'
import { type Call, startScriptedIngest } from '../scripted-ingest.ts'
import { product } from '../support.ts'
import { shopHeaders, startServe, writeConfig } from './process.ts'

/** One save of a product; its text tells which. */
export function saveOf(id: number, version: number): string {
  const updatedAt = new Date(Date.UTC(2026, 1, 1) + version * 1_000).toISOString()
  return JSON.stringify(product(id, { body_html: `<p>v${version}</p>`, updated_at: updatedAt }))
}

/** Sends one; answers what became of it, null if the relay did not answer 202. */
export async function send(origin: string, id: number, version: number): Promise<string | null> {
  const body = saveOf(id, version)
  const headers = shopHeaders(body, { 'x-shopify-webhook-id': `${id}-${version}` })
  try {
    const answer = await fetch(`${origin}/webhooks/shop`, { method: 'POST', headers, body })
    if (answer.status !== 202) return null
    return ((await answer.json()) as { data: { status: string } }).data.status
  } catch {
    return null // the relay is gone
  }
}

/** What came of one. */
export interface Storm {
  /** The saves that were acknowledged: product and version. */
  readonly acknowledged: (readonly [id: number, version: number])[]
  unanswered: number
}

/** Sends every version of every product, many at a time. `onAcknowledged` is told how many were so far. */
export async function storm(
  origin: string,
  { products, versions }: { products: number; versions: readonly number[] },
  onAcknowledged: (count: number) => void = () => {},
): Promise<Storm> {
  const result: Storm = { acknowledged: [], unanswered: 0 }
  const saves = versions.flatMap((version) => Array.from({ length: products }, (_, index) => [index + 1, version]))
  let count = 0
  async function worker(): Promise<void> {
    for (let save = saves.shift(); save; save = saves.shift()) {
      const [id = 0, version = 0] = save
      if ((await send(origin, id, version)) === null) result.unanswered += 1
      else {
        result.acknowledged.push([id, version])
        onAcknowledged(++count)
      }
    }
  }
  await Promise.all(Array.from({ length: 24 }, worker))
  return result
}

/** What an ingest API that keeps its word would hold: each key is applied once, whatever comes again under it. */
export interface Effect {
  /** Product to the version it was last brought to. */
  readonly state: Map<string, number>
  /** Broken promises, in words. */
  readonly violations: string[]
  apply(call: Call): void
}

/** Applies calls, none yet. */
export function createEffect(): Effect {
  const bodies = new Map<string, string>()
  const nonces = new Set<string>()
  const state = new Map<string, number>()
  const violations: string[] = []
  return {
    state,
    violations,
    apply({ key, nonce, text: body }) {
      if (nonces.has(nonce)) violations.push(`nonce ${nonce} came twice`)
      nonces.add(nonce)
      const known = bodies.get(key)
      if (known !== undefined && known !== body) violations.push(`key ${key} came with two bodies`)
      if (known !== undefined) return
      bodies.set(key, body)
      const { item, items } = JSON.parse(body) as { item?: Item; items?: Item[] }
      for (const { id, text } of items ?? [item!]) {
        const version = Number(text.slice(1))
        const before = state.get(id) ?? 0
        if (version <= before) violations.push(`${id} was at ${before} and came again as ${version} under a new key`)
        state.set(id, version)
      }
    },
  }
}

interface Item {
  readonly id: string
  readonly text: string
}

/** Each acknowledged save, or a newer one of its product, has arrived, and no promise was broken. */
export function expectDelivered({ state, violations }: Effect, acknowledged: Storm['acknowledged']): void {
  expect(violations).toEqual([])
  const behind = acknowledged.filter(([id, version]) => (state.get(`product:${id}`) ?? 0) < version)
  expect(behind).toEqual([])
}

/** A relay that delivers to a scripted ingest API. `serve` starts it, again and again in one folder. */
export async function startIngest(options: Parameters<typeof writeConfig>[2] = {}) {
  const ingest = await startScriptedIngest({ now: Date.now })
  const folder = createFolder()
  writeConfig(folder, ingest.baseUrl, options)
  return { ingest, serve: () => startServe({ cwd: folder }) }
}
