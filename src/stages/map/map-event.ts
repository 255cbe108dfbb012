import type { Change } from '../../domain/change.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import type { Emit } from '../../domain/signal.ts'
import { believedVersion, type Version, versionText } from '../../domain/version.ts'
import { completeDraft } from '../../mapping/item/item.ts'
import type { Draft, Fetched, Mapping } from '../../mapping/mapper.ts'
import { readWebhook, type Webhook } from '../../mapping/webhook/webhook.ts'
import type { ItemChange, MappedEvent, MergeCounts, PendingEvent, StaleRemoval } from '../../store/contract/store.ts'
import type { Destination } from '../destination.ts'
import type { MappingSource } from '../source.ts'

/** What one event comes to: its changes, and what has to be known before the rest of them. */
export interface EventMapping extends Pick<Mapping, 'requests' | 'late'> {
  readonly mapped: MappedEvent
}

/** What of a destination its items depend on. */
export type MapTarget = Pick<Destination, 'name' | 'rules' | 'debounce'>

/** The webhook of an event. Throws RelayError for a body that can't be read. */
export function webhookOf(event: PendingEvent, limit: number): Promise<Webhook> {
  const body = Buffer.from(event.body.buffer, event.body.byteOffset, event.body.byteLength)
  return readWebhook({ ...event, body, limit })
}

/** Maps a webhook for every destination of its source. Pure but for the clock of expressions; throws nothing for bad content. */
export async function mapEvent(
  event: PendingEvent,
  webhook: Webhook,
  source: MappingSource,
  destinations: ReadonlyMap<string, MapTarget>,
  fetched?: Fetched,
): Promise<EventMapping> {
  const { name, version } = source.mapper
  let mapping: Mapping
  try {
    mapping = await source.mapper.map(webhook, fetched)
  } catch (error) {
    return { mapped: failedEvent(event, messageOf(error), source), requests: [], late: [] }
  }
  const problems = [...mapping.problems]
  const changes: ItemChange[] = []
  for (const destinationName of source.destinations) {
    const destination = destinations.get(destinationName)
    if (!destination) {
      problems.push(`destination '${destinationName}' is not configured any more`) // it went with its source
      continue
    }
    for (const draft of mapping.drafts) {
      try {
        const askedAt = (draft.isFetched === true ? fetched?.askedAt : undefined) ?? event.asOf ?? undefined
        const change = completeDraft(draft, destination.rules)
        const { unproven = false } = draft
        const made = { ...itemChangeOf(change, event, { source, destination, askedAt }), ...(unproven && { unproven }) }
        changes.push(draft.kind === 'upsert' ? { ...made, ...kindOfRecord(draft) } : made)
      } catch (error) {
        if (!(error instanceof RelayError)) throw error
        problems.push(`destination '${destinationName}': ${messageOf(error)}`)
      }
    }
  }
  const outcome = outcomeOf(problems, mapping.skipped)
  const mapped = { seq: event.seq, mapper: name, mapperVersion: version, outcome, changes }
  return { mapped, requests: mapping.requests, late: mapping.late }
}

/** A problem makes the event failed, though its good records go on: after a mend the event is replayed, harmlessly. */
function outcomeOf(problems: readonly string[], skipped: string | null): MappedEvent['outcome'] {
  if (problems.length > 0) return { status: 'failed', error: boundedText(problems) }
  return skipped === null ? { status: 'processed' } : { status: 'skipped', reason: skipped.slice(0, maxTextLength) }
}

/** Of what is said of one event: it is kept, logged and sent on. Characters. */
const maxTextLength = 4_000

/** As much of a list of problems as a person reads. */
export function boundedText(problems: readonly string[]): string {
  const shown = problems.slice(0, 10).join('\n')
  const rest = problems.length > 10 ? `\nand ${problems.length - 10} more` : ''
  return shown.slice(0, maxTextLength) + rest
}

/** An event that comes to nothing but an error. `source` is left out if it is not configured any more. */
export function failedEvent({ seq }: PendingEvent, error: string, source?: MappingSource): MappedEvent {
  const { name: mapper, version: mapperVersion } = source?.mapper ?? { name: 'none', version: '' }
  return {
    seq,
    mapper,
    mapperVersion,
    outcome: { status: 'failed', error: error.slice(0, maxTextLength) },
    changes: [],
  }
}

interface ChangeOrigin {
  readonly source: Pick<MappingSource, 'maxClockLeadMs'>
  readonly destination: MapTarget
  readonly askedAt: number | undefined
}

/** A version that lies too far ahead counts as the time at which it was heard of: the receipt, also in a replay. */
function itemChangeOf(change: Change, event: PendingEvent, { source, destination, askedAt }: ChangeOrigin): ItemChange {
  const { name, debounce } = destination
  const { maxClockLeadMs } = source
  const { version, isCounted } = believedVersion(change.version, askedAt ?? event.receivedAt, maxClockLeadMs)
  const shared = {
    destination: name,
    source: event.source,
    receivedAt: event.receivedAt,
    version,
    ...(isCounted && { ahead: change.version! }),
    maxClockLeadMs,
    ...(askedAt !== undefined && { askedAt }),
    ...debounce,
  }
  if (change.kind === 'delete') {
    const { kind, type, id, certain } = change
    return { ...shared, kind, type, id, certain, body: null, checksum: null }
  }
  const { item } = change
  const { type, id, checksum } = item
  return { ...shared, kind: 'upsert', type, id, body: JSON.stringify(item), checksum, certain: true }
}

/** What the CMS calls the kind of a record: its model, or the mapper's name for it; and the locale, in the CMS's own words. */
function kindOfRecord({ model, record, fields }: Extract<Draft, { kind: 'upsert' }>) {
  return { resource: model ?? record, locale: fields.language ?? null }
}

/** Signals are kept and sent on: each is small. */
const itemsInSignal = 100

/** Signals an event that has been settled; one that waits has more to come. */
export function reportMapped(
  event: PendingEvent,
  { outcome, mapper, changes }: MappedEvent,
  counts: MergeCounts | null | undefined,
  at: number,
  emit: Emit,
): void {
  if (!counts || outcome.status === 'waiting') return // null: another owner has settled it
  const { staleRemovals = [], ...merged } = counts
  const others = merged.applied + merged.unchanged + (merged.held ?? 0)
  const isStale = outcome.status === 'processed' && merged.stale > 0 && others === 0
  const ahead = changes.filter((change) => change.ahead !== undefined)
  emit({
    kind: 'event.mapped',
    eventId: event.id,
    source: event.source,
    deliveryId: event.deliveryId,
    topic: event.topic,
    bytes: event.body.byteLength,
    mapper,
    status: isStale ? 'skipped' : outcome.status,
    reason: isStale ? 'stale' : reasonOf(outcome),
    ...merged,
    ...(ahead.length > 0 && { ahead: ahead.length }),
    ...(staleRemovals.length > 0 && { staleRemovals: staleRemovals.length }),
    items: changes.slice(0, itemsInSignal).map(({ destination, type, id }) => ({ destination, type, id })),
    durationMs: at - event.receivedAt,
  })
  reportVersions(event, ahead, staleRemovals, emit)
}

/** One signal of each kind for an event, with its first item. */
function reportVersions(
  { id: eventId, source }: PendingEvent,
  [ahead, ...moreAhead]: readonly ItemChange[],
  [stale, ...moreStale]: readonly StaleRemoval[],
  emit: Emit,
): void {
  const textOf = (version: Version | null) => (version === null ? null : versionText(version))
  if (ahead) {
    const { destination, type, id, version } = ahead
    const [given, countedAs] = [versionText(ahead.ahead!), versionText(version!)]
    const count = 1 + moreAhead.length
    emit({ kind: 'item.version_ahead', source, eventId, destination, type, id, version: given, countedAs, count })
  }
  if (stale) {
    const { destination, type, id } = stale
    const [version, known] = [textOf(stale.version), textOf(stale.known)]
    const count = 1 + moreStale.length
    emit({ kind: 'item.removal_stale', source, eventId, destination, type, id, version, known, count })
  }
}

function reasonOf(outcome: Exclude<MappedEvent['outcome'], { status: 'waiting' }>): string | null {
  if (outcome.status === 'failed') return outcome.error
  return outcome.status === 'skipped' ? outcome.reason : null
}

/** The destinations that have something new to send. */
export function touchedBy(mapped: readonly MappedEvent[]): ReadonlySet<string> {
  return new Set(mapped.flatMap(({ changes }) => changes.map(({ destination }) => destination)))
}
