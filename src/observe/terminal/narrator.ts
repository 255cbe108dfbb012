import type { DeliveredItem, Signal } from '../../domain/signal.ts'
import { countText, itemText, type Line, spanText } from './line.ts'
import { signalLine, tryText, whatOf } from './signal-line.ts'
import type { Standing, Surroundings } from './surroundings.ts'
import { type Cause, createWaitingItems, type ItemName } from './waiting-items.ts'

export interface NarratorOptions {
  readonly around: () => Surroundings
  readonly show: (line: Line) => void
  readonly now: () => number
}

/**
 * Tells a webhook's way in one line: once it is known what has become of it.
 *
 *     received ─▶ mapped ─┬─ failed, skipped, stale, unchanged: told at once
 *                         └─ something to send ─▶ waits for its call ─▶ sent, removed, given up
 *                                                 └─ its destination rests, or time passes: told that it waits
 */
export interface Narrator {
  tell(signal: Signal): void
  /** Tells of what has been waiting for too long. */
  step(): void
}

type Mapped = Extract<Signal, { kind: 'event.mapped' }>
type Attempted = Extract<Signal, { kind: 'batch.attempted' }>
type Dead = Extract<Signal, { kind: 'item.dead' }>

/** Beyond the debounce: a call takes seconds. */
const patienceMs = 30_000

export function createNarrator({ around, show, now }: NarratorOptions): Narrator {
  const waiting = createWaitingItems()
  /** The call whose signals come now, one after the other in one turn. */
  let call: { readonly attempted: Attempted; readonly taken: DeliveredItem[]; readonly dead: Dead[] } | null = null

  function tell(signal: Signal): void {
    if (call !== null && !isOfCall(signal, call.attempted)) endCall()
    if (signal.kind === 'batch.attempted') {
      call = { attempted: signal, taken: [], dead: [] }
      queueMicrotask(endCall)
    }
    if (signal.kind === 'item.delivered') call?.taken.push(...signal.items)
    if (signal.kind === 'item.dead' && call !== null) call.dead.push(signal)
    else if (signal.kind !== 'batch.attempted' || signal.outcome === 'settled') show(signalLine(signal, around()))
    if (signal.kind === 'event.mapped' && signal.applied > 0) expect(signal)
  }

  /** Nothing is told of what goes out within seconds: its call will have a line. */
  function expect({ source, topic, eventId, items }: Mapped): void {
    for (const item of items) waiting.add(item.destination, item, { source, topic, eventId }, now())
    for (const destination of new Set(items.map((item) => item.destination))) {
      const standing = around().standingOf(destination)
      if (!standing || standing.state === 'closed') continue
      const ofIt = items.filter((item) => item.destination === destination)
      const outcome = `kept: ${destination} ${restText(standing)}`
      show({ level: 'info', mark: 'quiet', subject: source, topic, what: whatOf(eventId, ofIt), outcome })
      for (const item of ofIt) told(destination, item)
    }
  }

  function told(destination: string, item: ItemName): void {
    const known = waiting.get(destination, item)
    if (known) known.isTold = true
  }

  function endCall(): void {
    if (call === null) return
    const { attempted, taken, dead } = call
    call = null
    if (taken.length > 0) show(takenLine(attempted, taken))
    for (const signal of dead) showItem(signal, waiting.take(signal.destination, signal).at(-1), signal)
    if (attempted.items > taken.length + dead.length) showLeft(attempted, attempted.items - taken.length - dead.length)
  }

  function takenLine({ destination, call, attempt, latenciesMs }: Attempted, taken: readonly DeliveredItem[]): Line {
    const causes = taken.flatMap((item) => {
      const known = waiting.take(destination, item, item.source === null ? undefined : item.eventId)
      return known.length > 0 ? known : causesOf(item)
    })
    const [first] = taken
    const isOne = taken.length === 1 && first !== undefined
    const verb = /delete$/.test(call) ? 'removed' : 'sent'
    const outcome = `${verb} ${isOne ? 'in' : 'within'} ${spanText(Math.max(0, ...latenciesMs))}${tryText(attempt)}`
    const items = isOne ? itemText(first) : countText(taken.length, 'item')
    const eventIds = [...new Set(causes.map(({ eventId }) => eventId))]
    const events = eventIds.length > 1 ? countText(eventIds.length, 'event') : eventIds[0]
    return {
      ...{ level: 'info', mark: 'good', outcome: at(destination, outcome) },
      subject: common(causes.map(({ source }) => source)) ?? destination,
      topic: causes.length === 0 ? null : (common(causes.map(({ topic }) => topic ?? '–')) ?? 'various'),
      what: events === undefined ? items : `${events} → ${items}`,
    }
  }

  /** What is still to be sent: the items that are not named, or all of a call that was not taken. */
  function showLeft(attempted: Attempted, left: number): void {
    const { destination, item, items } = attempted
    if (item) {
      showItem(attempted, waiting.get(destination, item)?.causes.at(-1), item)
      told(destination, item)
    } else {
      const line = signalLine(attempted, around())
      const what = left === items ? line.what : `${left.toLocaleString('en')} of ${countText(items, 'item')}`
      show({ ...line, ...notTaken(attempted), topic: null, what })
    }
  }

  /** Of an item alone, with its event if that is known. */
  function showItem(signal: Attempted | Dead, cause: Cause | undefined, item: ItemName): void {
    const line = signalLine(signal, around())
    const { destination } = signal
    const own = signal.kind === 'batch.attempted' ? { ...line, ...notTaken(signal) } : line
    const { source: subject, topic } = cause ?? { source: destination, topic: null }
    const what = cause ? whatOf(cause.eventId, [item]) : itemText(item)
    show({ ...own, subject, topic, what, outcome: at(destination, own.outcome) })
  }

  /** With one destination it goes without saying which. */
  function at(destination: string, outcome: string): string {
    return around().destinations().length > 1 ? `${destination}: ${outcome}` : outcome
  }

  function step(): void {
    const late = new Map<string, number>()
    for (const one of waiting.list()) {
      const { maxWaitMs } = around().standingOf(one.destination) ?? { maxWaitMs: 0 }
      if (one.isTold || now() - one.since < patienceMs + maxWaitMs) continue
      one.isTold = true
      late.set(one.destination, (late.get(one.destination) ?? 0) + 1)
    }
    for (const [subject, count] of late) {
      const standing = around().standingOf(subject)
      const detail = standing && standing.state !== 'closed' ? `it ${restText(standing)}` : null
      const outcome = `${countText(count, 'item')} not sent yet`
      const cure = '`cms-relay items --status pending` and `cms-relay status` tell more'
      show({ level: 'warn', mark: 'warn', subject, outcome, detail, cure })
    }
  }

  return { tell, step }
}

function isOfCall(signal: Signal, { batchId, destination }: Attempted): boolean {
  if (signal.kind === 'item.delivered') return signal.batchId === batchId
  return signal.kind === 'item.dead' && signal.destination === destination
}

/** Of an item that an earlier process has mapped. */
function causesOf({ source, eventId }: DeliveredItem): readonly Cause[] {
  return source === null || eventId === null ? [] : [{ source, eventId, topic: null }]
}

/** An answer that does not say that an item was taken is no error of the call. */
function notTaken({ outcome }: Attempted): Partial<Line> {
  return outcome === 'settled' ? { level: 'warn', mark: 'warn', outcome: 'not taken yet' } : {}
}

/** What all of them are; null if they differ, or if there is none. */
function common(values: readonly string[]): string | null {
  const [first = null, ...others] = new Set(values)
  return others.length === 0 ? first : null
}

function restText({ state }: Standing): string {
  if (state === 'off') return 'is off'
  return state === 'disabled' ? 'is disabled' : 'rests'
}
