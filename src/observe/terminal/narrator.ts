import type { Signal } from '../../domain/signal.ts'
import { countText, itemText, type Line, spanText } from './line.ts'
import { signalLine, tryText, whatOf } from './signal-line.ts'
import type { Standing, Surroundings } from './surroundings.ts'

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
interface ItemName {
  readonly type: string
  readonly id: string
}

/** What is known of an item that waits for its call. */
interface Waiting {
  readonly destination: string
  readonly source: string
  readonly topic: string | null
  /** The newest of the events behind it. */
  readonly eventId: string
  readonly events: number
  readonly since: number
  isTold: boolean
}

/** Of a relay with more waiting, the oldest are forgotten: their lines do not name their event. */
const mostWaiting = 5_000
/** Beyond the debounce: a call takes seconds. */
const patienceMs = 30_000

export function createNarrator({ around, show, now }: NarratorOptions): Narrator {
  const waiting = new Map<string, Waiting>()
  /** The call whose signals come now, one after the other in one turn. */
  let call: { readonly attempted: Attempted; readonly taken: ItemName[]; readonly dead: Dead[] } | null = null

  function tell(signal: Signal): void {
    if (call !== null && !isOfCall(signal, call.attempted)) endCall()
    if (signal.kind === 'batch.attempted') {
      call = { attempted: signal, taken: [], dead: [] }
      queueMicrotask(endCall)
    }
    if (signal.kind === 'item.delivered') call?.taken.push(...signal.items)
    if (signal.kind === 'item.dead' && call !== null) call.dead.push(signal)
    else if (signal.kind === 'batch.attempted' && signal.outcome !== 'settled') showOwn(withEvent(signal))
    else showOwn(signal)
    if (signal.kind === 'event.mapped' && signal.applied > 0) expect(signal)
  }

  function showOwn(signal: Signal | Line): void {
    show('mark' in signal ? signal : signalLine(signal, around()))
  }

  /** Nothing is told of what goes out within seconds: its call will have a line. */
  function expect(signal: Mapped): void {
    for (const item of signal.items) wait(signal, item)
    const resting = standings(signal.items.map(({ destination }) => destination)).find(
      ([, { state }]) => state !== 'closed',
    )
    if (!resting) return
    const [destination, standing] = resting
    const { source, topic, eventId, items } = signal
    const outcome = `kept: ${destination} ${restText(standing)}`
    show({ level: 'info', mark: 'quiet', subject: source, topic, what: whatOf(eventId, items), outcome })
    for (const item of signal.items) {
      const known = waiting.get(keyOf(item.destination, item))
      if (known && item.destination === destination) known.isTold = true
    }
  }

  function wait({ source, topic, eventId }: Mapped, { destination, ...item }: Mapped['items'][number]): void {
    const key = keyOf(destination, item)
    const before = waiting.get(key)
    waiting.delete(key)
    const events = (before?.events ?? 0) + 1
    waiting.set(key, { destination, source, topic, eventId, events, since: before?.since ?? now(), isTold: false })
    const [oldest] = waiting.keys()
    if (waiting.size > mostWaiting && oldest !== undefined) waiting.delete(oldest)
  }

  function standings(names: readonly string[]): readonly (readonly [string, Standing])[] {
    return [...new Set(names)].flatMap((name) => {
      const standing = around().standingOf(name)
      return standing ? [[name, standing] as const] : []
    })
  }

  /** A call that was not taken, with the event of its item if it has one item alone. */
  function withEvent(signal: Attempted): Line {
    const { destination, item } = signal
    const known = item && waiting.get(keyOf(destination, item))
    const line = signalLine(signal, around())
    if (!item || !known) return line
    known.isTold = true
    return {
      ...line,
      subject: known.source,
      topic: known.topic,
      what: whatOf(known.eventId, [item]),
      outcome: at(destination, line.outcome),
    }
  }

  function endCall(): void {
    if (call === null) return
    const { attempted, taken, dead } = call
    call = null
    if (attempted.outcome !== 'settled' && dead.length === 0) return
    const { destination, items } = attempted
    if (taken.length > 0) show(takenLine(attempted, taken))
    deadLines(destination, dead)
    const left = items - taken.length - dead.length
    if (attempted.outcome !== 'settled' || left <= 0) return
    const what = attempted.item ? itemText(attempted.item) : `${left} of ${countText(items, 'item')}`
    show({ level: 'warn', mark: 'warn', subject: destination, topic: null, what, outcome: 'not taken, tried again' })
  }

  function takenLine(attempted: Attempted, taken: readonly ItemName[]): Line {
    const { destination, call, attempt, latenciesMs } = attempted
    const known = taken.map((item) => take(destination, item))
    const [first] = taken
    const slowest = spanText(Math.max(0, ...latenciesMs))
    const verb = /delete$/.test(call) ? 'removed' : 'sent'
    const one = taken.length === 1 && first ? first : null
    const outcome = at(destination, `${verb} ${one ? 'in' : 'within'} ${slowest}${tryText(attempt)}`)
    const line = { level: 'info', mark: 'good', outcome } as const
    const events = known.reduce((sum, one) => sum + (one?.events ?? 0), 0)
    const items = one ? itemText(one) : countText(taken.length, 'item')
    const source =
      common(
        known.map((one) => one?.source),
        destination,
      ) ?? destination
    const topic = common(
      known.map((one) => one?.topic),
      'various',
    )
    const [newest] = known
    if (newest?.events === 1 && one)
      return { ...line, subject: newest.source, topic, what: `${newest.eventId} → ${items}` }
    return {
      ...line,
      subject: source,
      topic,
      what: events === 0 ? items : `${countText(events, 'event')} → ${items}`,
    }
  }

  function deadLines(destination: string, dead: readonly Dead[]): void {
    for (const signal of dead) {
      const known = take(destination, signal)
      const line = signalLine(signal, around())
      const { source: subject, topic } = known ?? { source: destination, topic: null }
      show({
        ...line,
        subject,
        topic,
        what: known ? whatOf(known.eventId, [signal]) : itemText(signal),
        outcome: at(destination, line.outcome),
      })
    }
  }

  function take(destination: string, item: ItemName): Waiting | undefined {
    const key = keyOf(destination, item)
    const known = waiting.get(key)
    waiting.delete(key)
    return known
  }

  /** With one destination it goes without saying which. */
  function at(destination: string, outcome: string): string {
    return around().destinations().length > 1 ? `${destination}: ${outcome}` : outcome
  }

  function step(): void {
    const late = new Map<string, number>()
    for (const one of waiting.values()) {
      const { maxWaitMs } = around().standingOf(one.destination) ?? { maxWaitMs: 0 }
      if (one.isTold || now() - one.since < patienceMs + maxWaitMs) continue
      one.isTold = true
      late.set(one.destination, (late.get(one.destination) ?? 0) + 1)
    }
    for (const [destination, count] of late) {
      const standing = around().standingOf(destination)
      const why = standing && standing.state !== 'closed' ? `it ${restText(standing)}` : undefined
      const line = {
        level: 'warn',
        mark: 'warn',
        subject: destination,
        outcome: `${countText(count, 'item')} not sent yet`,
      } as const
      show({ ...line, detail: why, cure: '`cms-relay items --status pending` and `cms-relay status` tell more' })
    }
  }

  return { tell, step }
}

function isOfCall(signal: Signal, { batchId, destination }: Attempted): boolean {
  if (signal.kind === 'item.delivered') return signal.batchId === batchId
  return signal.kind === 'item.dead' && signal.destination === destination
}

function keyOf(destination: string, { type, id }: ItemName): string {
  return JSON.stringify([destination, type, id])
}

/** What all of them have; null if none is known. */
function common(values: readonly (string | null | undefined)[], various: string): string | null {
  const [first = null, ...others] = new Set(values)
  return others.length === 0 ? first : various
}

function restText({ state, reason }: Standing): string {
  if (state === 'off') return 'is off (enabled: false)'
  const why = reason === null ? '' : ` (${reason})`
  return state === 'disabled' ? `is disabled${why}` : `rests${why}`
}
