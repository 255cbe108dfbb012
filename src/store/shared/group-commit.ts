import { RelayError } from '../../domain/errors.ts'
import { eventIdOf } from '../../domain/event-id.ts'
import type { Accepted, NewEvent } from '../contract/store.ts'

// One transaction takes at most this much, so that nobody waits long behind others' large bodies.
const maxEvents = 256
const maxBytes = 8 * 1024 * 1024

interface Call {
  readonly count: number
  readonly resolve: (accepted: readonly Accepted[]) => void
  readonly reject: (error: unknown) => void
}

interface Group {
  /** Those of the first call, those of the second, and so on. */
  readonly events: readonly NewEvent[]
  readonly calls: readonly Call[]
}

/** Answers the seq of each event, negated for a delivery seen before. */
type Commit = (events: readonly NewEvent[]) => Promise<readonly number[]>

/**
 * Lets concurrent callers share a commit: callers that come while one is under way go with the next.
 *
 *     idle ──first caller──▶ gathering ──end of this turn──▶ committing ──nobody waits──▶ idle
 *                                ▲                               │
 *                                └─────────somebody waits────────┘
 */
export function createGroupCommit(commit: Commit) {
  let events: NewEvent[] = []
  let calls: Call[] = []
  let running: Promise<void> | null = null

  function accept(some: readonly NewEvent[]): Promise<readonly Accepted[]> {
    return new Promise((resolve, reject) => {
      for (const event of some) checkEvent(event) // what can not be kept fails alone
      events.push(...some)
      calls.push({ count: some.length, resolve, reject })
      running ??= new Promise(setImmediate).then(drain)
    })
  }

  async function drain(): Promise<void> {
    while (calls.length > 0) await flush(takeGroup())
    running = null
  }

  function takeGroup(): Group {
    const [count, callCount] = firstOnes({ events, calls })
    const group = { events: events.slice(0, count), calls: calls.slice(0, callCount) }
    events = events.slice(count)
    calls = calls.slice(callCount)
    return group
  }

  async function flush(group: Group): Promise<void> {
    try {
      const answers = await commit(group.events)
      let at = 0
      for (const { count, resolve } of group.calls) {
        const accepted: Accepted[] = []
        for (const end = at + count; at < end; at += 1) accepted.push(acceptedOf(answers[at]!))
        resolve(accepted)
      }
    } catch (error) {
      for (const { reject } of group.calls) reject(error)
    }
  }

  /** Resolves when all callers that wait now have an answer. */
  async function idle(): Promise<void> {
    while (running) await running
  }

  return { accept, idle }
}

/** How many events, and calls, go with one transaction: the first call in any case. */
function firstOnes({ events, calls }: Group): readonly [events: number, calls: number] {
  let count = 0
  let bytes = 0
  for (const [index, call] of calls.entries()) {
    const next = count + call.count
    for (let at = count; at < next; at += 1) bytes += events[at]!.body.byteLength
    if (index > 0 && (next > maxEvents || bytes > maxBytes)) return [count, index]
    count = next
  }
  return [count, calls.length]
}

function acceptedOf(seq: number): Accepted {
  return { eventId: eventIdOf(Math.abs(seq)), duplicate: seq < 0 }
}

/** Throws RelayError `invalid` for an event that the store could not give back as it is. */
function checkEvent({ receivedAt }: NewEvent): void {
  if (!Number.isSafeInteger(receivedAt)) throw new RelayError('invalid', 'receivedAt of an event must be an integer')
}
