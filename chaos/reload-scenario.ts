import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSandbox, type Sandbox } from '../src/sandbox/sandbox.ts'
import { token } from './judge.ts'
import type { Plan } from './plan.ts'
import type { Relay } from './relay.ts'
import type { Scenario, Staging } from './scenario.ts'
import { type Sent, shopSecret } from './traffic.ts'

type Stage = (folder: string, staging: Staging) => Promise<{ readonly bad: readonly string[]; readonly sent: Sent }>

const reloads = 100
/** How long a reload may last until it is in force. Milliseconds. */
const longestMs = 2_000
/** As long as a hundred reloads last. */
const plan: Plan = { seed: 1, trafficMs: 25_000, items: 150, savesEach: 8, judge: [], process: [], poison: false }

/** An ingest API of its own, beside the one that the traffic goes to. */
async function openSide(websiteId: string): Promise<Sandbox & { readonly baseUrl: string }> {
  const sandbox = createSandbox({ token, websiteId, siteDomain: 'example.com' })
  return { ...sandbox, baseUrl: `${await sandbox.app.listen({ host: '127.0.0.1', port: 0 })}/v1/ingest` }
}

/**
 * A hundred reloads under traffic: secrets are rotated, a mapper changes, a source moves between two destinations, and the one that it
 * has left is removed and comes back. Nothing may be refused, lost, sent twice or to both.
 */
export function reloadScenario(stage: Stage): Scenario {
  return async (folder) => {
    const sides = { left: await openSide('site_left'), right: await openSide('site_right') }
    const mappers = join(folder, 'mappers')
    mkdirSync(mappers, { recursive: true })
    const config = join(folder, 'relay.yaml')
    const log = () => readFileSync(join(folder, 'relay.log'), 'utf8')
    const refused: string[] = []
    const taken: string[] = []
    let slowest = 0
    let isOver = false

    const side = (name: keyof typeof sides) => ({
      token,
      website_id: `site_${name}`,
      site_domain: 'example.com',
      base_url: sides[name].baseUrl,
      delivery: { debounce: '20ms', max_wait: '100ms', max_items: 5 },
      retry: { base: '50ms', cap: '400ms' },
    })

    /** Another configuration each time; all of them take the same webhooks. */
    function configure(round: number): void {
      const mover = round % 4 < 2 ? 'left' : 'right'
      const document = JSON.parse(readFileSync(config, 'utf8'))
      const destinations = { main: document.destinations.main, [mover]: side(mover) }
      if (round % 2 === 0) Object.assign(destinations, { left: side('left'), right: side('right') })
      writeFileSync(join(mappers, 'mine.yaml'), `name: mine\nextends: generic\ndescription: Round ${round}.\n`)
      const sources = {
        ...document.sources,
        shop: { ...document.sources.shop, secret: [`secret-of-round-${round}`, shopSecret] },
        cms: { ...document.sources.cms, mapper: 'mine' },
        mover: { mapper: 'mine', verify: 'none', destination: mover, vars: { origin: 'https://example.com' } },
        [`passing-${round}`]: { mapper: 'generic', verify: 'none', destination: 'main' },
      }
      delete sources[`passing-${round - 1}`]
      writeFileSync(config, JSON.stringify({ ...document, mappers_dir: mappers, destinations, sources }))
    }

    async function moveItems({ origin }: Relay): Promise<void> {
      for (let id = 1; !isOver; id += 1) {
        const url = `https://example.com/${id}`
        const body = JSON.stringify({
          event: 'post.saved',
          type: 'post',
          id,
          url,
          title: `${id}`,
          html: '<p>moved</p>',
        })
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${origin}/webhooks/mover`, { method: 'POST', headers, body })
        await answer.body?.cancel()
        if (answer.status === 202) taken.push(`post:${id}`)
        else refused.push(`an item that moves was answered ${answer.status}`)
        await sleep(5)
      }
    }

    async function reload(relay: Relay, round: number): Promise<void> {
      const before = log().split('"config.reloaded"').length
      configure(round)
      const at = performance.now()
      relay.signal('SIGHUP')
      while (log().split('"config.reloaded"').length === before) {
        if (performance.now() - at > longestMs * 5) throw new Error(`reload ${round} is not in force`)
        await sleep(10)
      }
      slowest = Math.max(slowest, performance.now() - at)
    }

    try {
      const { bad, sent } = await stage(folder, {
        plan,
        async meanwhile(relay) {
          await reload(relay, 0)
          const moving = moveItems(relay)
          for (let round = 1; round <= reloads; round += 1) {
            await reload(relay, round)
            await sleep(150)
          }
          isOver = true
          await moving
          await reload(relay, reloads + 2) // an even round: both are there, so both can deliver what is left
          await untilHeld(taken, sides)
        },
      })
      const answers = [...sent.answers]
        .filter(([answer]) => answer !== '202')
        .map(([answer, n]) => `${n} times ${answer}`)
      const held = Object.values(sides).flatMap(({ items }) => items().map(({ id }) => String(id)))
      const wrong = [
        ...answers,
        ...refused,
        ...taken.filter((id) => !held.includes(id)).map((id) => `${id} moved, and arrived nowhere`),
        ...held.filter((id, index) => held.indexOf(id) !== index).map((id) => `${id} arrived at both`),
        ...(slowest > longestMs ? [`a reload was in force after ${Math.round(slowest)} ms`] : []),
      ]
      const told = `${reloads} reloads, the slowest in force after ${Math.round(slowest)} ms, beside ${sent.webhooks + taken.length} webhooks`
      return { told, bad: [...bad, ...wrong] }
    } finally {
      await Promise.all(Object.values(sides).map((one) => one.close()))
    }
  }
}

async function untilHeld(taken: readonly string[], sides: Readonly<Record<string, Sandbox>>): Promise<void> {
  const count = () => Object.values(sides).reduce((sum, { items }) => sum + items().length, 0)
  for (const until = performance.now() + 20_000; count() < taken.length && performance.now() < until; ) await sleep(50)
}
