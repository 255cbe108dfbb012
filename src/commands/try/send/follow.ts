import { setTimeout as wait } from 'node:timers/promises'
import type { Outlook, SentEvent, SentItem } from './outlook.ts'

/** What became of an event, as far as it could be waited for. */
export interface Followed {
  readonly event: SentEvent
  readonly items: readonly SentItem[]
  /** Whether nothing more is to come. */
  readonly isSettled: boolean
}

const settledEvent = new Set(['processed', 'skipped', 'failed'])

/** Waits until an event and the items that it has set are settled, at most so long. Null if the event is not to be seen there. */
export async function follow(outlook: Outlook, id: string, waitMs: number): Promise<Followed | null> {
  const end = performance.now() + waitMs
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
    const followed = await look(outlook, id)
    if (followed === null || followed.isSettled || performance.now() >= end) return followed
    await wait(pauseMs)
  }
}

async function look(outlook: Outlook, id: string): Promise<Followed | null> {
  const event = await outlook.readEvent(id)
  if (event === null) return null
  if (!settledEvent.has(event.status)) return { event, items: [], isSettled: false }
  const all = await outlook.readItems(event.source, event.received_at)
  const items = all.filter(({ event_id: own }) => own === id)
  return { event, items, isSettled: items.every(({ status }) => status !== 'pending') }
}
