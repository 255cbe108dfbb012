import { setImmediate } from 'node:timers/promises'
import type { Change } from '../domain/change.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import type { Emit } from '../domain/signal.ts'
import { completeDraft } from '../mapping/item.ts'
import type { Mapping } from '../mapping/mapper.ts'
import { readWebhook } from '../mapping/webhook.ts'
import type { ItemChange, MappedEvent, MergeCounts, PendingEvent, Store } from '../store/store.ts'
import type { Destination } from './destination.ts'
import type { Source } from './source.ts'

export interface MapDeps {
  readonly store: Pick<Store, 'claimEvents' | 'settleEvents'>
  readonly sources: ReadonlyMap<string, Source>
  readonly destinations: ReadonlyMap<string, Destination>
  readonly owner: string
  readonly bodyLimit: number
  readonly now: () => number
  readonly emit: Emit
  /** Called with the destinations that have something new to send. */
  readonly onChanges: (destinations: ReadonlySet<string>) => void
}

/** Events of one step; also what one transaction settles. */
const stepSize = 64
const leaseMs = 60_000

/** Maps the oldest pending events and merges what they want into the items. Answers how many events it settled. */
export type MapStep = () => Promise<number>

/** Claim, map, settle: "event done" and "changes due" are one transaction, so a crash maps again and changes nothing. */
export function createMap(deps: MapDeps): MapStep {
  const { store, owner, now, onChanges } = deps
  return async function mapStep() {
    const at = now()
    const events = await store.claimEvents({ owner, at, leaseUntil: at + leaseMs, limit: stepSize })
    if (events.length === 0) return 0
    const mapped: MappedEvent[] = []
    for (const event of events) {
      mapped.push(await mapEvent(event, deps))
      if (mapped.length % 8 === 0) await setImmediate() // receiving goes first
    }
    const settledAt = now()
    const counts = await store.settleEvents(owner, mapped, settledAt)
    for (const [index, event] of events.entries()) report(event, mapped[index], counts[index], settledAt, deps)
    const touched = new Set(mapped.flatMap(({ changes }) => changes.map(({ destination }) => destination)))
    if (touched.size > 0) onChanges(touched)
    return events.length
  }
}

/** What one event comes to. Pure but for the clock of expressions; throws nothing for bad content. */
async function mapEvent(event: PendingEvent, { sources, destinations, bodyLimit }: MapDeps): Promise<MappedEvent> {
  const source = sources.get(event.source)
  if (!source) return failed(event, 'none', '', `source '${event.source}' is not configured any more`)
  const { name, version } = source.mapper
  let mapping: Mapping
  try {
    const body = Buffer.from(event.body.buffer, event.body.byteOffset, event.body.byteLength)
    mapping = await source.mapper.map(await readWebhook({ ...event, body, limit: bodyLimit }))
  } catch (error) {
    return failed(event, name, version, messageOf(error))
  }
  const problems = [...mapping.problems]
  const changes: ItemChange[] = []
  for (const destinationName of source.destinations) {
    const destination = destinations.get(destinationName)
    if (!destination) continue // the configuration has been checked: every name is there
    for (const draft of mapping.drafts) {
      try {
        changes.push(itemChangeOf(completeDraft(draft, destination.rules), event, destination))
      } catch (error) {
        if (!(error instanceof RelayError)) throw error
        problems.push(`destination '${destinationName}': ${messageOf(error)}`)
      }
    }
  }
  const outcome = outcomeOf(problems, mapping.skipped)
  return { seq: event.seq, mapper: name, mapperVersion: version, outcome, changes }
}

/** A problem makes the event failed, though its good records go on: after a mend the event is replayed, harmlessly. */
function outcomeOf(problems: readonly string[], skipped: string | null): MappedEvent['outcome'] {
  if (problems.length > 0) return { status: 'failed', error: bounded(problems) }
  return skipped === null ? { status: 'processed' } : { status: 'skipped', reason: skipped }
}

function bounded(problems: readonly string[]): string {
  const shown = problems.slice(0, 10).join('\n')
  const rest = problems.length > 10 ? `\nand ${problems.length - 10} more` : ''
  return shown.slice(0, 4000) + rest
}

function failed({ seq }: PendingEvent, mapper: string, mapperVersion: string, error: string): MappedEvent {
  return { seq, mapper, mapperVersion, outcome: { status: 'failed', error: error.slice(0, 4000) }, changes: [] }
}

function itemChangeOf(change: Change, event: PendingEvent, { name, debounce }: Destination): ItemChange {
  const shared = { destination: name, source: event.source, receivedAt: event.receivedAt, ...debounce }
  if (change.kind === 'delete') return { ...shared, ...change, body: null, checksum: null }
  const { item, version } = change
  const { type, id, checksum } = item
  return { ...shared, kind: 'upsert', type, id, version, body: JSON.stringify(item), checksum, certain: true }
}

function report(
  event: PendingEvent,
  mapped: MappedEvent | undefined,
  counts: MergeCounts | null | undefined,
  at: number,
  { emit }: MapDeps,
): void {
  if (!mapped || !counts) return // another owner has settled it
  const { outcome, mapper } = mapped
  const isStale = outcome.status === 'processed' && counts.stale > 0 && counts.applied + counts.unchanged === 0
  emit({
    kind: 'event.mapped',
    eventId: event.id,
    source: event.source,
    deliveryId: event.deliveryId,
    topic: event.topic,
    bytes: event.body.byteLength,
    mapper,
    status: isStale ? 'skipped' : outcome.status,
    reason:
      outcome.status === 'failed'
        ? outcome.error
        : outcome.status === 'skipped'
          ? outcome.reason
          : isStale
            ? 'stale'
            : null,
    ...counts,
    durationMs: at - event.receivedAt,
  })
}
