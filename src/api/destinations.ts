import { z } from 'zod'
import type { Circuit } from '../domain/circuit.ts'
import type { TestCall } from '../stages/deliver/test-call.ts'
import type { DestinationStats } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'

const circuitState = z.enum(['closed', 'open', 'disabled'])

export const circuitSchema = z
  .strictObject({
    state: circuitState,
    failures: count,
    auth_failures: count,
    retry_at: time.nullable(),
    reason: textOrNull,
    changed_at: time,
  })
  .meta({ id: 'Circuit', description: 'Open: it waits after failures. Disabled: somebody has to enable it.' })

export function presentCircuit(circuit: Circuit): z.output<typeof circuitSchema> {
  return {
    state: circuit.state,
    failures: circuit.failures,
    auth_failures: circuit.authFailures,
    retry_at: timeOrNull(circuit.retryAt || null),
    reason: circuit.reason,
    changed_at: timeOf(circuit.changedAt),
  }
}

export const itemCountsSchema = z
  .strictObject({
    pending: count,
    delivered: count,
    dead: count,
    held: count.describe('Each is one of the three above as well.'),
    open_batches: count,
    oldest_pending_at: time.nullable().describe('When the webhook behind the oldest pending item came in.'),
  })
  .meta({ id: 'ItemCounts' })

export function presentItemCounts(stats: Omit<DestinationStats, 'destination'>): z.output<typeof itemCountsSchema> {
  return {
    pending: stats.pending,
    delivered: stats.delivered,
    dead: stats.dead,
    held: stats.held,
    open_batches: stats.openBatches,
    oldest_pending_at: timeOrNull(stats.oldestPendingAt),
  }
}

/** Of a destination that never had an item. */
export const noItems = { pending: 0, delivered: 0, dead: 0, held: 0, openBatches: 0, oldestPendingAt: null }

const destinationFields = {
  name: text,
  enabled: z.boolean(),
  state: z
    .enum([...circuitState.options, 'off', 'unconfigured'])
    .describe('`off`: by the configuration. `unconfigured`: the configuration does not name it any more.'),
  circuit: circuitSchema.nullable(),
  website_id: textOrNull,
  site_domain: textOrNull,
  aliases: z.array(text),
  base_url: textOrNull,
  counts: itemCountsSchema,
  limits: z
    .strictObject({ calls: z.number(), items: z.number(), bytes: z.number() })
    .nullable()
    .describe('How much it is given at once now.'),
}

export const destinationSchema = z
  .strictObject(destinationFields)
  .meta({ id: 'Destination', description: 'One website at an ingest API.' })

/** What the presenter of a destination reads. */
export interface DestinationView {
  readonly name: string
  readonly enabled: boolean
  /** Null if the configuration does not name it any more. */
  readonly settings: {
    readonly website_id: string
    readonly site_domain: string
    readonly aliases: readonly string[]
    readonly base_url: string
  } | null
  readonly circuit: Circuit | null
  readonly stats: Omit<DestinationStats, 'destination'>
  readonly limits: { readonly calls: number; readonly items: number; readonly bytes: number } | null
}

export function presentDestination(view: DestinationView): z.output<typeof destinationSchema> {
  const { name, enabled, settings, circuit, stats, limits } = view
  return {
    name,
    enabled,
    state: settings === null ? 'unconfigured' : enabled ? (circuit?.state ?? 'closed') : 'off',
    circuit: circuit && presentCircuit(circuit),
    website_id: settings?.website_id ?? null,
    site_domain: settings?.site_domain ?? null,
    aliases: [...(settings?.aliases ?? [])],
    base_url: settings?.base_url ?? null,
    counts: presentItemCounts(stats),
    limits: limits && { calls: limits.calls, items: limits.items, bytes: limits.bytes },
  }
}

export const testCallSchema = z
  .strictObject({ result: z.enum(['accepted', 'refused', 'unclear']), status: z.int().nullable(), error: textOrNull })
  .meta({ id: 'TestCall', description: 'What came of the call that is made before a destination is enabled.' })

export function presentTestCall({
  result,
  status,
  error,
}: Pick<TestCall, 'result' | 'status' | 'error'>): z.output<typeof testCallSchema> {
  return { result, status, error }
}

export const enabledSchema = z
  .strictObject({ ...destinationFields, test: testCallSchema })
  .meta({ id: 'EnabledDestination' })
