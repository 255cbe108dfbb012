import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createSandbox, type SandboxItem } from '../../src/sandbox/sandbox.ts'
import type { Cms, Outage, Page } from './cms.ts'
import { freePort, type Program, pause, startProgram } from './program.ts'
import { openTap, type Webhook } from './tap.ts'

const adminToken = 'admin-token-of-the-proof'
const identity = { token: 'con_proof.destination-secret', websiteId: 'site_1', siteDomain: 'example.com' }
const cli = join(import.meta.dirname, '../../bin/cms-relay.js')

/** What the relay made of a webhook: its topic, `processed`, `skipped` or `failed`, and why. */
export interface Verdict {
  readonly topic: string
  readonly status: string
  readonly reason: string | null
}

export interface RunningRelay extends Outage {
  /** Where the CMS has to send its webhooks. */
  readonly webhookUrl: string
  readonly secret: string
  /** Starts the process, as the CMS needs it. */
  serve(own: Cms['source']): Promise<void>
  readonly webhooks: readonly Webhook[]
  verdictOf(webhook: Webhook): Promise<Verdict>
  /** Waits until this many webhooks more have come, nothing more does, and everything is delivered. */
  settle(from: number, expected: number): Promise<void>
  items(): readonly SandboxItem[]
  /** What the ingest API has refused, as it said. */
  refusals(): readonly string[]
  stop(): Promise<void>
}

interface Example {
  readonly source: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly variable: string
}

/** The source of the page's example, and the name of the variable that holds its secret. */
function exampleOf(page: Page): Example {
  const text = page.code('yaml').find((code) => code.startsWith('sources:')) ?? ''
  const [source = '', settings] = Object.entries(parse(text).sources)[0] as [string, Record<string, unknown>]
  const variable = /^ +secret: \$\{([A-Z_]+)\}/m.exec(text)?.[1]
  if (variable === undefined) throw new Error(`${page.path} has no example with a secret`)
  return { source, settings, variable }
}

/** The example as a whole configuration, with what the CMS at hand needs beside it. */
function configOf({ source, settings }: Example, own: Cms['source'], ingestUrl: string): object {
  const main = {
    token: identity.token,
    website_id: identity.websiteId,
    site_domain: identity.siteDomain,
    base_url: ingestUrl,
    default_language: 'en',
    delivery: { debounce: '20ms', max_wait: '100ms' },
  }
  const merged = Object.entries(own ?? {}).map(([name, more]) => [name, { ...(settings[name] as object), ...more }])
  return {
    server: { host: '127.0.0.1', admin_token: adminToken },
    destinations: { main },
    sources: { [source]: { ...settings, ...Object.fromEntries(merged) } },
  }
}

/** A relay with the page's own example as its configuration, a tap before it, and an ingest API that judges it. */
export async function openRelay(folder: string, page: Page): Promise<RunningRelay> {
  const example = exampleOf(page)
  const { source, variable } = example
  const secret = 'a-long-random-text-for-both-sides'
  const sandbox = createSandbox(identity)
  const ingest = await sandbox.app.listen({ host: '127.0.0.1', port: 0 })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const tap = await openTap(origin)
  let relay: Program | undefined

  async function serve(own: Cms['source']): Promise<void> {
    const config = configOf(example, own, `${ingest}/v1/ingest`)
    writeFileSync(join(folder, 'relay.yaml'), JSON.stringify(config)) // JSON is YAML
    await restart()
  }

  async function restart(): Promise<void> {
    relay = startProgram(process.execPath, [cli, 'serve'], {
      cwd: folder,
      log: join(folder, 'logs/relay.log'),
      env: { PORT: String(port), [variable]: secret, RELAY_STORE: `sqlite:${join(folder, `relay-${port}.db`)}` },
    })
    await relay.until(async () => (await fetch(`${origin}/readyz`)).ok)
  }

  async function isIdle(): Promise<boolean> {
    const metrics = await (await fetch(`${origin}/metrics`)).text()
    const counts = ['events_pending', 'events_waiting', 'items{destination="main",status="pending"}']
    return counts.every((name) => metrics.includes(`\ncms_relay_${name} 0\n`))
  }

  return {
    webhookUrl: `${tap.origin}/webhooks/${source}`,
    secret,
    webhooks: tap.webhooks,
    serve,
    restart,
    refuse: tap.refuse,
    async kill() {
      await relay?.kill()
    },
    async verdictOf({ eventId, status }) {
      if (eventId === null) return { topic: 'no event', status: status < 300 ? 'answered' : 'refused', reason: null }
      const headers = { authorization: `Bearer ${adminToken}` }
      const answer = await fetch(`${origin}/api/v1/events/${eventId}`, { headers })
      const { data } = (await answer.json()) as { data: Verdict & { readonly error: string | null } }
      return { topic: data.topic, status: data.status, reason: data.reason ?? data.error }
    },
    async settle(from, expected) {
      const end = Date.now() + 20_000
      while (tap.webhooks.length < from + expected && Date.now() < end) await pause(100)
      // What comes although nobody expects it, comes soon.
      for (let seen = -1; seen !== tap.webhooks.length; await pause(1_500)) seen = tap.webhooks.length
      while (!(await isIdle()) && Date.now() < end + 20_000) await pause(100)
    },
    items: () => sandbox.items(),
    refusals: () =>
      sandbox
        .calls()
        .filter(({ status }) => status >= 400)
        .map(({ message, verdict }) => `${verdict}: ${message}`),
    async stop() {
      await relay?.stop()
      await tap.close()
      await sandbox.close()
    },
  }
}
