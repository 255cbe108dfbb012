import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { type eventSchema, presentEvent } from '../../../api/events.ts'
import { type itemSchema, presentItem } from '../../../api/items.ts'
import type { Config } from '../../../config/schema.ts'
import { RelayError } from '../../../domain/errors.ts'
import { openStore } from '../../../store/open.ts'
import type { RunningRelay } from '../../shared/running-relay.ts'

export type SentEvent = z.output<typeof eventSchema>
export type SentItem = z.output<typeof itemSchema>

/** Where it can be seen what became of an event: the admin API, or the store on this machine. */
export interface Outlook {
  readEvent(id: string): Promise<SentEvent | null>
  /** Those of a source that have changed since a time (RFC 3339). */
  readItems(source: string, since: string): Promise<readonly SentItem[]>
  close(): Promise<void>
}

/** More items of one webhook are not followed. */
const itemsRead = 200

/** Looks by the admin API of a relay, and closes it in the end. */
export function outlookOfApi(relay: RunningRelay): Outlook {
  return {
    async readEvent(id) {
      try {
        return (await relay.get(`/events/${encodeURIComponent(id)}`)) as SentEvent
      } catch (error) {
        if (!(error instanceof RelayError) || error.code !== 'not_found') throw error
        await relay.get('/events?limit=1') // it knows no such event, or this is not where its admin API is
        return null
      }
    },
    async readItems(source, since) {
      const query = new URLSearchParams({ source, since, limit: String(itemsRead) })
      return (await relay.get(`/items?${query}`)) as readonly SentItem[]
    },
    close: async () => relay[Symbol.asyncDispose](),
  }
}

/** Looks into the store of a configuration; null if it is not on this machine. */
export async function outlookOfStore({ store: url }: Pick<Config, 'store'>): Promise<Outlook | null> {
  if (!url.startsWith('sqlite:') || !existsSync(url.slice('sqlite:'.length))) return null
  const store = await openStore(url, { lock: false })
  return {
    async readEvent(id) {
      const event = await store.getEvent(id)
      return event && presentEvent(event)
    },
    async readItems(source, since) {
      const { rows } = await store.listItems({ source, since: Date.parse(since) }, { limit: itemsRead })
      return rows.map(presentItem)
    },
    close: () => store.close(),
  }
}
