import { eventIdOf } from '../../domain/event-id.ts'
import type { Accepted, NewEvent } from '../store.ts'
import { checkEvent, createPacker, type PackedEvents } from './pack.ts'

// One transaction takes at most this much, so that nobody waits long behind others' large bodies.
const maxEvents = 256
const maxBytes = 8 * 1024 * 1024

interface Waiting {
  readonly events: readonly NewEvent[]
  readonly resolve: (accepted: readonly Accepted[]) => void
  readonly reject: (error: unknown) => void
}

/** Answers the seq of each event, negated for a delivery seen before. */
type Commit = (events: PackedEvents) => Promise<readonly number[]>

/**
 * Lets concurrent callers share a commit: whoever comes while one is under way goes with the next.
 *
 *     idle ──first caller──▶ gathering ──end of this turn──▶ committing ──nobody waits──▶ idle
 *                                ▲                               │
 *                                └─────────somebody waits────────┘
 */
export function createGroupCommit(commit: Commit) {
  const pack = createPacker()
  let waiting: Waiting[] = []
  let running: Promise<void> | null = null

  function accept(events: readonly NewEvent[]): Promise<readonly Accepted[]> {
    return new Promise((resolve, reject) => {
      for (const event of events) checkEvent(event) // what can not be packed fails alone
      waiting.push({ events, resolve, reject })
      running ??= new Promise(setImmediate).then(drain)
    })
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) await flush(takeGroup())
    running = null
  }

  function takeGroup(): readonly Waiting[] {
    let events = 0
    let bytes = 0
    let count = 0
    for (const call of waiting) {
      events += call.events.length
      for (const { body } of call.events) bytes += body.byteLength
      if (count > 0 && (events > maxEvents || bytes > maxBytes)) break
      count += 1
    }
    const group = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return group
  }

  async function flush(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await commit(pack(group.flatMap(({ events }) => events)))
      let at = 0
      for (const { events, resolve } of group) resolve(events.map(() => acceptedOf(answers[at++]!)))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  /** Resolves when everyone who waits now has an answer. */
  async function idle(): Promise<void> {
    while (running) await running
  }

  return { accept, idle }
}

function acceptedOf(seq: number): Accepted {
  return { eventId: eventIdOf(Math.abs(seq)), duplicate: seq < 0 }
}
