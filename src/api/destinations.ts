import { z } from 'zod'
import type { Circuit } from '../domain/circuit.ts'
import type { TestCall } from '../stages/deliver/test-call.ts'
import type { DestinationStats } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'
import { fieldsOf } from './resource.ts'

const circuitState = z.enum(['closed', 'open', 'disabled'])

const circuitFields = fieldsOf<Circuit>()({
  state: [circuitState, ({ state }) => state],
  failures: [count, ({ failures }) => failures],
  auth_failures: [count, ({ authFailures }) => authFailures],
  retry_at: [time.nullable(), ({ retryAt }) => timeOrNull(retryAt || null)],
  reason: [textOrNull, ({ reason }) => reason],
  changed_at: [time, ({ changedAt }) => timeOf(changedAt)],
})
const circuitSchema = z
  .strictObject(circuitFields.shape)
  .meta({ id: 'Circuit', description: 'Open: it waits after failures. Disabled: somebody has to enable it.' })

const itemCounts = fieldsOf<Omit<DestinationStats, 'destination'>>()({
  pending: [count, ({ pending }) => pending],
  delivered: [count, ({ delivered }) => delivered],
  dead: [count, ({ dead }) => dead],
  held: [count.describe('Each is one of the three above as well.'), ({ held }) => held],
  open_batches: [count, ({ openBatches }) => openBatches],
  oldest_pending_at: [
    time.nullable().describe('When the webhook behind the oldest pending item came in.'),
    ({ oldestPendingAt }) => timeOrNull(oldestPendingAt),
  ],
})
export const presentItemCounts = itemCounts.present
const itemCountsSchema = z.strictObject(itemCounts.shape).meta({ id: 'ItemCounts' })

/** Of a destination that never had an item. */
export const noItems = { pending: 0, delivered: 0, dead: 0, held: 0, openBatches: 0, oldestPendingAt: null }

/** What the presenter of a destination reads. */
interface DestinationView {
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

const destination = fieldsOf<DestinationView>()({
  name: [text, ({ name }) => name],
  enabled: [z.boolean(), ({ enabled }) => enabled],
  state: [
    z
      .enum([...circuitState.options, 'off', 'unconfigured'])
      .describe('`off`: by the configuration. `unconfigured`: the configuration does not name it any more.'),
    ({ settings, enabled, circuit }) =>
      settings === null ? 'unconfigured' : enabled ? (circuit?.state ?? 'closed') : 'off',
  ],
  circuit: [circuitSchema.nullable(), ({ circuit }) => circuit && circuitFields.present(circuit)],
  website_id: [textOrNull, ({ settings }) => settings?.website_id ?? null],
  site_domain: [textOrNull, ({ settings }) => settings?.site_domain ?? null],
  aliases: [z.array(text), ({ settings }) => [...(settings?.aliases ?? [])]],
  base_url: [textOrNull, ({ settings }) => settings?.base_url ?? null],
  counts: [itemCountsSchema, ({ stats }) => presentItemCounts(stats)],
  limits: [
    z
      .strictObject({ calls: z.number(), items: z.number(), bytes: z.number() })
      .nullable()
      .describe('How much it is given at once now.'),
    ({ limits }) => limits && { calls: limits.calls, items: limits.items, bytes: limits.bytes },
  ],
})
export const presentDestination = destination.present
export const destinationSchema = z
  .strictObject(destination.shape)
  .meta({ id: 'Destination', description: 'One website at an ingest API.' })

const testCallSchema = z
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
  .strictObject({ ...destination.shape, test: testCallSchema })
  .meta({ id: 'EnabledDestination' })
