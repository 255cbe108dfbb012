import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ok } from '../../src/api/envelope.ts'
import { present, readInput } from '../../src/api/present.ts'
import type { Circuit } from '../../src/domain/circuit.ts'
import { RelayError } from '../../src/domain/errors.ts'
import type { Deliver } from '../../src/stages/deliver/deliver.ts'
import { decideCircuit, readCircuits } from '../../src/stages/deliver/shared-circuit.ts'
import type { Destination } from '../../src/stages/destination.ts'
import { findUnconfigured } from '../../src/stages/upkeep/unconfigured.ts'
import type { DestinationStats } from '../../src/store/contract/store.ts'

const enableBody = z.strictObject({ force: z.boolean().default(false) })
const disableBody = z.strictObject({ reason: z.string().min(1).max(500).default('disabled by an operator') })

/** Destinations: state, circuit, counts; enable and disable. */
export async function destinations(app: FastifyInstance): Promise<void> {
  const { relay } = app

  app.get('/destinations', { config: { holdsNoContent: true } }, async (request) => {
    const stats = await statsByName()
    const rows = [...relay.destinations.values()].map((destination) => show(destination, stats))
    const others = await leftBehind()
    return ok([...rows, ...(await Promise.all(others.map(showLeftBehind)))], request.id, { cursor: null })
  })

  app.get<{ Params: { name: string } }>(
    '/destinations/:name',
    { config: { holdsNoContent: true } },
    async (request) => {
      const other = await otherOf(request.params.name)
      if (other) return ok(await showLeftBehind(other), request.id)
      return ok(show(find(request.params.name).destination, await statsByName()), request.id)
    },
  )

  app.post<{ Params: { name: string } }>('/destinations/:name/enable', async (request) => {
    const other = await otherOf(request.params.name)
    if (other) {
      await decideCircuit(relay.store, other.destination, { kind: 'enable' }, relay.now())
      const test = { result: 'unclear', status: null, error: 'it is not configured, so nothing is sent to it' }
      return ok({ ...(await showLeftBehind(other)), test }, request.id)
    }
    const { destination, deliver } = find(request.params.name)
    const { isEnabled, test } = await deliver.enable(readInput(enableBody, request.body, 'body'))
    const { skewMs: _skewMs, isWell: _isWell, ...shown } = test
    if (!isEnabled) {
      const message = `the ingest API has refused a test call, so '${destination.name}' was not enabled: ${test.error}`
      throw new RelayError('conflict', message, { details: { test: shown } })
    }
    relay.wake()
    return ok({ ...show(destination, await statsByName()), test: shown }, request.id)
  })

  app.post<{ Params: { name: string } }>('/destinations/:name/disable', async (request) => {
    const { reason } = readInput(disableBody, request.body, 'body')
    const other = await otherOf(request.params.name)
    if (other) {
      await decideCircuit(relay.store, other.destination, { kind: 'disable', reason }, relay.now())
      return ok(await showLeftBehind(other), request.id)
    }
    const { destination, deliver } = find(request.params.name)
    await deliver.disable(reason)
    return ok(show(destination, await statsByName()), request.id)
  })

  function find(name: string): { readonly destination: Destination; readonly deliver: Deliver } {
    const destination = relay.destinations.get(name)
    const deliver = relay.delivers.get(name)
    if (!destination || !deliver) throw new RelayError('not_found', `no destination '${name.slice(0, 64)}'`)
    return { destination, deliver }
  }

  /** What is not configured any more, and has items all the same. */
  async function leftBehind(): Promise<readonly DestinationStats[]> {
    return (await findUnconfigured(relay.store, relay.config)).destinations
  }

  async function otherOf(name: string): Promise<DestinationStats | undefined> {
    if (relay.destinations.has(name)) return undefined
    return (await leftBehind()).find(({ destination }) => destination === name)
  }

  async function showLeftBehind(row: DestinationStats) {
    const { destination: name, ...counts } = present(row)
    const circuit = (await readCircuits(relay.store)).get(row.destination)?.circuit
    return {
      name,
      enabled: false,
      state: 'unconfigured',
      circuit: circuit ? showCircuit(circuit) : null,
      website_id: null,
      site_domain: null,
      aliases: [],
      base_url: null,
      counts,
      limits: null,
    }
  }

  async function statsByName(): Promise<ReadonlyMap<string, DestinationStats>> {
    const { destinations } = await relay.store.readStats()
    return new Map(destinations.map((row) => [row.destination, row]))
  }

  function show({ name, enabled, websiteId, rules }: Destination, stats: ReadonlyMap<string, DestinationStats>) {
    const { destination: _name, ...counts } = present(stats.get(name) ?? noStats(name))
    const deliver = relay.delivers.get(name)
    const circuit = deliver?.circuit()
    const settings = relay.config.destinations[name]
    return {
      name,
      enabled,
      state: enabled ? circuit?.state : 'off',
      circuit: circuit ? showCircuit(circuit) : null,
      website_id: websiteId,
      site_domain: rules.siteDomain,
      aliases: rules.aliases ?? [],
      base_url: settings?.base_url,
      counts,
      limits: deliver ? deliver.limits() : null,
    }
  }
}

function showCircuit({ refused: _refused, ...circuit }: Circuit): Record<string, unknown> {
  return present({ ...circuit, retryAt: circuit.retryAt || null })
}

function noStats(destination: string): DestinationStats {
  return { destination, pending: 0, delivered: 0, dead: 0, held: 0, openBatches: 0, oldestPendingAt: null }
}
