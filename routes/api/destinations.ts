import { z } from 'zod'
import {
  destinationSchema,
  enabledSchema,
  noItems,
  presentDestination,
  presentTestCall,
} from '../../src/api/destinations.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'
import { decideCircuit, readCircuits } from '../../src/stages/deliver/shared-circuit.ts'
import { findUnconfigured } from '../../src/stages/upkeep/unconfigured.ts'
import type { DestinationStats } from '../../src/store/contract/store.ts'

const enableBody = z.strictObject({
  force: z.boolean().default(false).describe('Enable it though the test call is refused.'),
})
const disableBody = z.strictObject({ reason: z.string().min(1).max(500).default('disabled by an operator') })

type StatsByName = ReadonlyMap<string, DestinationStats>

/** Destinations: state, circuit, counts; enable and disable. */
export function destinations(relay: Relay): readonly Route[] {
  const { store } = relay

  function find(name: string) {
    const destination = relay.destinations.get(name)
    const deliver = relay.delivers.get(name)
    if (!destination || !deliver) throw new RelayError('not_found', `no destination '${name.slice(0, 64)}'`)
    return { destination, deliver }
  }

  /** One that is not configured any more, and has items all the same. */
  async function otherOf(name: string): Promise<DestinationStats | undefined> {
    if (relay.destinations.has(name)) return undefined
    return (await findUnconfigured(store, relay.config)).destinations.find(({ destination }) => destination === name)
  }

  async function showOther(stats: DestinationStats) {
    const { destination: name } = stats
    const circuit = (await readCircuits(store)).get(name)?.circuit ?? null
    return presentDestination({ name, enabled: false, settings: null, circuit, stats, limits: null })
  }

  async function statsByName(): Promise<StatsByName> {
    const { destinations } = await store.readStats()
    return new Map(destinations.map((row) => [row.destination, row]))
  }

  function show(name: string, stats: StatsByName) {
    const { destination, deliver } = find(name)
    return presentDestination({
      name,
      enabled: destination.enabled,
      settings: relay.config.destinations[name] ?? null,
      circuit: deliver.circuit(),
      stats: stats.get(name) ?? noItems,
      limits: deliver.limits(),
    })
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/destinations',
      name: 'listDestinations',
      tag: 'destinations',
      role: 'viewer',
      summary: 'Every destination, with its circuit and counts',
      answer: z.array(destinationSchema),
      holdsNoContent: true,
      async handle() {
        const stats = await statsByName()
        const rows = [...relay.destinations.keys()].map((name) => show(name, stats))
        const others = (await findUnconfigured(store, relay.config)).destinations
        return { data: [...rows, ...(await Promise.all(others.map(showOther)))] }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/destinations/:name',
      name: 'getDestination',
      tag: 'destinations',
      role: 'viewer',
      summary: 'One destination',
      answer: destinationSchema,
      errors: [404],
      holdsNoContent: true,
      async handle({ params: { name } }) {
        const other = await otherOf(name)
        return { data: other ? await showOther(other) : show(name, await statsByName()) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/destinations/:name/enable',
      name: 'enableDestination',
      tag: 'destinations',
      role: 'operator',
      summary: 'Make a test call, and enable the destination unless it is refused',
      body: enableBody,
      answer: enabledSchema,
      errors: [404, 409],
      async handle({ params: { name }, body }) {
        const other = await otherOf(name)
        if (other) {
          await decideCircuit(store, name, { kind: 'enable' }, relay.now())
          const error = 'it is not configured, so nothing is sent to it'
          const test = presentTestCall({ result: 'unclear', status: null, error })
          return { data: { ...(await showOther(other)), test } }
        }
        const { deliver } = find(name)
        const { isEnabled, test } = await deliver.enable(body)
        const shown = presentTestCall(test)
        if (!isEnabled) {
          const message = `the ingest API has refused a test call, so '${name}' was not enabled: ${test.error}`
          throw new RelayError('conflict', message, { details: { test: shown } })
        }
        relay.wake()
        return { data: { ...show(name, await statsByName()), test: shown } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/destinations/:name/disable',
      name: 'disableDestination',
      tag: 'destinations',
      role: 'operator',
      summary: 'Send nothing to the destination until somebody enables it',
      body: disableBody,
      answer: destinationSchema,
      errors: [404],
      async handle({ params: { name }, body: { reason } }) {
        const other = await otherOf(name)
        if (other) {
          await decideCircuit(store, name, { kind: 'disable', reason }, relay.now())
          return { data: await showOther(other) }
        }
        await find(name).deliver.disable(reason)
        return { data: show(name, await statsByName()) }
      },
    }),
  ]
}
