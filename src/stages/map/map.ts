import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../domain/errors.ts'
import type { Webhook } from '../../mapping/webhook/webhook.ts'
import type { Mapping } from '../../store/contract/mapping.ts'
import type { MappedEvent, PendingEvent } from '../../store/contract/store.ts'
import type { Intake, StageDeps } from '../ports.ts'
import type { Source } from '../source.ts'
import { failedEvent, mapEvent, reportMapped, touchedBy, webhookOf } from './map-event.ts'

type MappingDeps = Pick<StageDeps, 'destinations' | 'owner' | 'bodyLimit' | 'now' | 'emit' | 'onChanges'>

interface MapDeps extends MappingDeps {
  readonly store: Pick<Mapping, 'claimEvents' | 'settleEvents'>
  readonly sources: ReadonlyMap<string, Source>
  readonly intake: Pick<Intake, 'arrivals'>
  /** Whether receiving needs the processor for itself: then mapping holds back. */
  readonly isBusy: () => boolean
  /** Called with the sources that have something to ask of their CMS. */
  readonly onWaiting: (sources: ReadonlySet<string>) => void
}

/** Events of one step; also what one transaction settles. */
const stepSize = 64
/** While receiving is busy: enough to show that mapping works, and what it costs. */
const stepSizeIfBusy = 8
/** Of their bodies: what is mapped costs many times that in memory. */
const stepBytes = 4 * 1024 * 1024
/** What is mapped by then is settled; a claim lasts a good while longer, for one event may take its time. */
const stepMs = 5_000
const leaseMs = 600_000
/** Webhooks that come meanwhile get their turn after so many events, or after so long. */
const turnSize = 8
const turnMs = 10
/** Turns that they get at most: if they never cease to come, mapping still goes on. */
const turnsGiven = 64

/** Maps the oldest pending events, a few, and merges what they want into the items. Answers how many it took. */
export type MapStep = () => Promise<number>

/** Claim, map, settle: "event done" and "changes due" are one transaction, so a crash maps again and changes nothing. */
export function createMap(deps: MapDeps): MapStep {
  const { store, owner, now, emit, isBusy, onChanges, onWaiting } = deps
  return async function mapStep() {
    const at = now()
    const limit = isBusy() ? stepSizeIfBusy : stepSize
    const events = await store.claimEvents({ owner, leaseMs, limit, maxBytes: stepBytes })
    if (events.length === 0) return 0
    const mapped: MappedEvent[] = []
    let turnAt = now()
    for (const event of events) {
      mapped.push(await mapOne(event, at, deps))
      const mappedAt = now()
      // If the step ends early, the others stay claimed, and come first in the next one.
      if (mapped.length === events.length || mappedAt - at > stepMs) break
      if (mapped.length % turnSize !== 0 && mappedAt - turnAt < turnMs) continue
      await giveWay(deps)
      if (mapped.length >= stepSizeIfBusy && isBusy()) break
      turnAt = now()
    }
    const settledAt = now()
    const counts = await store.settleEvents(owner, mapped)
    for (const [index, event] of events.entries()) {
      const one = mapped[index]
      if (one) reportMapped(event, one, counts[index], settledAt, emit)
    }
    const touched = touchedBy(mapped)
    if (touched.size > 0) onChanges(touched)
    const waiting = events.filter((_event, index) => mapped[index]?.outcome.status === 'waiting')
    if (waiting.length > 0) onWaiting(new Set(waiting.map(({ source }) => source)))
    return mapped.length
  }
}

/**
 * Receiving goes first: what comes in gets turns of the event loop until one brings nothing. Node accepts one connection in each
 * (https://github.com/libuv/libuv/pull/3696), so with events mapped in every turn, each connection of a burst would wait for some.
 */
async function giveWay({ intake, isBusy }: MapDeps): Promise<void> {
  await setImmediate() // the rest of this turn, which has seen already what came in
  for (let turns = 0; turns < turnsGiven; turns += 1) {
    const before = intake.arrivals
    await setImmediate()
    if (intake.arrivals === before || isBusy()) return
  }
}

/** What one event comes to. One whose records are at the CMS waits for them, and holds up nobody. */
async function mapOne(event: PendingEvent, at: number, deps: MapDeps): Promise<MappedEvent> {
  const source = deps.sources.get(event.source)
  if (!source) return failedEvent(event, `source removed: '${event.source}' is not configured any more`)
  let webhook: Webhook
  try {
    webhook = await webhookOf(event, deps.bodyLimit())
  } catch (error) {
    return failedEvent(event, messageOf(error), source)
  }
  const { mapped, requests } = await mapEvent(event, webhook, source, deps.destinations)
  if (requests.length === 0) return mapped
  return { ...mapped, outcome: { status: 'waiting', dueAt: at, attempts: 0, error: null } }
}
