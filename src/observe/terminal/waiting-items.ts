import { eventSeqOf } from '../../domain/event-id.ts'

/** An event that has changed an item. */
export interface Cause {
  readonly eventId: string
  readonly source: string
  readonly topic: string | null
}

export interface ItemName {
  readonly type: string
  readonly id: string
}

/** An item that waits for its call. */
export interface WaitingItem {
  readonly destination: string
  /** What is not sent yet, the newest last. */
  readonly causes: readonly Cause[]
  readonly since: number
  /** Whether people know that it waits. */
  isTold: boolean
}

/** Which events are behind the items that wait, as far as this process has mapped them. */
export interface WaitingItems {
  add(destination: string, item: ItemName, cause: Cause, at: number): void
  get(destination: string, item: ItemName): WaitingItem | undefined
  /** Ends the wait of what was sent: by the newest event in it, by all but the newest if null, by all if it is left out. */
  take(destination: string, item: ItemName, sent?: string | null): readonly Cause[]
  list(): Iterable<WaitingItem>
}

/** Of a relay with more waiting, the oldest are forgotten: their lines do not name their event. */
const mostItems = 5_000
/** Of an item that changes all the time while nothing can be sent. */
const mostCauses = 1_000

export function createWaitingItems(): WaitingItems {
  const items = new Map<string, WaitingItem>()
  const keyOf = (destination: string, { type, id }: ItemName) => JSON.stringify([destination, type, id])

  return {
    add(destination, item, cause, at) {
      const key = keyOf(destination, item)
      const { causes = [], since = at } = items.get(key) ?? {}
      items.delete(key) // the newest stand last
      items.set(key, { destination, causes: [...causes.slice(1 - mostCauses), cause], since, isTold: false })
      const [oldest] = items.keys()
      if (items.size > mostItems && oldest !== undefined) items.delete(oldest)
    },
    get: (destination, item) => items.get(keyOf(destination, item)),
    take(destination, item, sent) {
      const key = keyOf(destination, item)
      const known = items.get(key)
      if (!known) return []
      const isSent = sentBy(sent)
      const left = known.causes.filter((cause, index) => !isSent(cause, index === known.causes.length - 1))
      if (left.length === 0) items.delete(key)
      else items.set(key, { ...known, causes: left })
      return known.causes.filter((cause) => !left.includes(cause))
    },
    list: () => items.values(),
  }
}

function sentBy(sent: string | null | undefined): (cause: Cause, isNewest: boolean) => boolean {
  if (sent === undefined) return () => true
  if (sent === null) return (_cause, isNewest) => !isNewest
  const seq = eventSeqOf(sent) ?? Number.POSITIVE_INFINITY
  return ({ eventId }) => (eventSeqOf(eventId) ?? 0) <= seq
}
