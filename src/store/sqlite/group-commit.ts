import { RelayError } from '../../domain/errors.ts'
import type { Accepted, NewEvent } from '../store.ts'
import { errorOfWire } from './errors.ts'
import type { AcceptResult } from './events.ts'
import type { WrittenEvent } from './pack.ts'

// One transaction takes at most this much, so that nobody waits long behind others' large bodies.
const maxEvents = 256
const maxBytes = 8 * 1024 * 1024

interface Waiting {
  readonly events: readonly WrittenEvent[]
  readonly resolve: (accepted: readonly Accepted[]) => void
  readonly reject: (error: unknown) => void
}

type Commit = (calls: readonly (readonly WrittenEvent[])[]) => Promise<readonly AcceptResult[]>

/**
 * Lets concurrent callers share a commit: whoever comes while one is under way goes with the next.
 *
 *     idle ──first caller──▶ gathering ──end of this turn──▶ committing ──nobody waits──▶ idle
 *                                ▲                               │
 *                                └─────────somebody waits────────┘
 */
export function createGroupCommit(commit: Commit) {
  let waiting: Waiting[] = []
  let running: Promise<void> | null = null

  function accept(events: readonly NewEvent[]): Promise<readonly Accepted[]> {
    return new Promise((resolve, reject) => {
      const written = events.map((event) => ({ ...event, headers: JSON.stringify(event.headers) }))
      waiting.push({ events: written, resolve, reject })
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
      const results = await commit(group.map(({ events }) => events))
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index]
        if (result?.accepted) resolve(result.accepted)
        else reject(result ? errorOfWire(result.error) : new RelayError('unavailable', 'the store gave no answer'))
      })
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
