import type { Followed } from './follow.ts'
import type { SentItem } from './outlook.ts'

/** A webhook that a relay has taken. */
export interface Sent {
  readonly url: string
  readonly status: number
  /** Null for a ping, and if the mapper has an answer of its own for its CMS. */
  readonly eventId: string | null
  /** `accepted`, `duplicate` or `ping`; null if the answer does not say. */
  readonly said: string | null
  readonly note: string | null
}

/** As machines read it. */
export function presentSent({ url, status, eventId, said, note }: Sent, followed: Followed | null) {
  const { event = null, items = [] } = followed ?? {}
  return { url, status, result: said, event_id: eventId, note, event, items }
}

export function describeSent({ url, status, eventId, said, note }: Sent): readonly string[] {
  const answer = said === null ? `answered ${status}` : `answered ${status} ${said}`
  return [`${url}: ${answer}${eventId === null ? '' : `, event ${eventId}`}`, ...(note === null ? [] : [note])]
}

/** What became of it. `isLooked`: there is an admin token, or the store is here. */
export function describeFollowed(followed: Followed | null, isLooked: boolean): readonly string[] {
  if (followed === null) {
    return [
      isLooked
        ? 'the event is not to be seen there: the relay works on another store'
        : 'what becomes of it is not known here: --token takes the admin token of the relay',
    ]
  }
  const { event, items, isSettled } = followed
  const why = event.error ?? event.reason
  const state = `${event.status}${why === null ? '' : `: ${why}`}`
  const rows = items.map(lineOf)
  const none = event.status === 'processed' && rows.length === 0 ? ['nothing to send: it is as it was delivered'] : []
  const late = isSettled ? [] : [`not done after half a minute: cms-relay events ${event.id} tells more`]
  return [state, ...rows, ...none, ...late]
}

function lineOf({ type, id, destination, desired_kind: kind, status, error }: SentItem): string {
  const what = kind === 'delete' ? `removal of ${type} ${id}` : `${type} ${id}`
  return `  ${what} → ${destination}: ${status}${error === null ? '' : `: ${error}`}`
}
