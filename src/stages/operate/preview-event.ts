import { messageOf, RelayError } from '../../domain/errors.ts'
import { eventSeqOf } from '../../domain/event-id.ts'
import { fetchText } from '../../domain/fetch.ts'
import { isStale, knownOf } from '../../domain/item-order.ts'
import { type Difference, jsonDiff } from '../../json/diff.ts'
import type { Webhook } from '../../mapping/webhook/webhook.ts'
import type { Browsing } from '../../store/contract/browsing.ts'
import type { EventDetail, ItemChange } from '../../store/contract/store.ts'
import { type MapTarget, mapEvent, webhookOf } from '../map/map-event.ts'
import type { MappingSource } from '../source.ts'

export interface PreviewEventDeps {
  readonly store: Pick<Browsing, 'getEvent' | 'getItems'>
  readonly sources: ReadonlyMap<string, MappingSource>
  readonly destinations: ReadonlyMap<string, MapTarget>
  readonly bodyLimit: number
  readonly now: () => number
}

/** What replaying an event would come to now, beside what is wanted now. */
export interface EventPreview {
  readonly eventId: string
  readonly source: string
  readonly mapper: string
  readonly mapperVersion: string
  /** The definition that mapped it last; null if none has. */
  readonly mappedWith: string | null
  readonly changes: readonly PreviewedItem[]
  readonly result: PreviewResult
  /** Why nothing came out, or what would have to be asked of the CMS; null if all came out. */
  readonly skipped: string | null
  /** What should have come out and could not. */
  readonly error: string | null
}

/**
 * What a replay would change: `fails`, `skipped`: the event does now what it did not do then. `changed`: an item would be another
 * one. `not_compared`: the CMS would have to be asked first. `same`: nothing.
 */
export type PreviewResult = 'same' | 'changed' | 'fails' | 'skipped' | 'not_compared'

export interface PreviewedItem {
  readonly destination: string
  readonly type: string
  readonly id: string
  readonly kind: 'upsert' | 'delete'
  /**
   * `new`: no such item is known. `changed`, `same`: against what is wanted now. `stale`: older than what is known, so
   * it would change nothing.
   */
  readonly result: 'new' | 'changed' | 'same' | 'stale'
  /** From what is wanted now to what the mapper makes of the event; a removal is null as a whole. */
  readonly differences: readonly Difference[]
}

/** Maps a kept event with the mapper as it is now, and compares. Nothing is kept, fetched or sent. */
export type PreviewEvent = (eventId: string) => Promise<EventPreview>

export function createPreviewEvent(deps: PreviewEventDeps): PreviewEvent {
  const { store, sources, destinations, bodyLimit, now } = deps
  return async function previewEvent(eventId) {
    const event = await store.getEvent(eventId)
    const seq = eventSeqOf(eventId)
    if (!event || seq === null) throw new RelayError('not_found', `no event '${eventId.slice(0, 64)}'`)
    const source = sources.get(event.source)
    if (!source) throw new RelayError('conflict', `source '${event.source}' is not configured any more`)
    const { name: mapper, version: mapperVersion } = source.mapper
    const about = { eventId, source: source.name, mapper, mapperVersion, mappedWith: event.mapperVersion }
    const webhook = await readable(event, seq, bodyLimit)
    if (typeof webhook === 'string') {
      const result = event.status === 'failed' ? 'same' : 'fails'
      return { ...about, result, changes: [], skipped: null, error: webhook }
    }

    const { mapped, requests } = await mapEvent({ ...event, seq }, webhook, source, destinations)
    const { outcome } = mapped
    const asks = requests.length > 0 ? `has to ask ${requests.map(fetchText).join(', ')}` : null
    const changes = await Promise.all(mapped.changes.map((change) => previewItem(change, seq)))
    const skipped = asks ?? (outcome.status === 'skipped' ? outcome.reason : null)
    const error = outcome.status === 'failed' ? outcome.error : null
    return { ...about, result: resultOf(event), changes, skipped, error }

    function resultOf({ status }: EventDetail): PreviewResult {
      if (error !== null && status !== 'failed') return 'fails'
      if (changes.some(isChange)) return 'changed'
      if (asks !== null) return 'not_compared'
      return skipped !== null && status !== 'skipped' ? 'skipped' : 'same'
    }
  }

  async function previewItem(change: ItemChange, eventSeq: number): Promise<PreviewedItem> {
    const { destination, type, id, kind, maxClockLeadMs } = change
    const [known] = await store.getItems({ destination, type, id })
    const differences = jsonDiff(documentOf(known?.body ?? null), documentOf(change.body))
    const stale = known !== undefined && isStale(knownOf(known.known, now(), maxClockLeadMs), { ...change, eventSeq })
    const settled = known?.desiredKind === kind && differences.length === 0 ? 'same' : 'changed'
    return { destination, type, id, kind, result: !known ? 'new' : stale ? 'stale' : settled, differences }
  }
}

/** Whether a replay would make it another item. */
export function isChange({ result }: PreviewedItem): boolean {
  return result === 'new' || result === 'changed'
}

/** The webhook, or why it can't be read. */
async function readable(event: EventDetail, seq: number, limit: number): Promise<Webhook | string> {
  try {
    return await webhookOf({ ...event, seq }, limit)
  } catch (error) {
    return messageOf(error)
  }
}

function documentOf(body: string | null): unknown {
  return body === null ? null : JSON.parse(body)
}
