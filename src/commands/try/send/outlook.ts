import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { type eventSchema, presentEvent } from '../../../api/events.ts'
import { type itemSchema, presentItem } from '../../../api/items.ts'
import type { Config } from '../../../config/schema.ts'
import { messageOf, RelayError } from '../../../domain/errors.ts'
import { openStore } from '../../../store/open.ts'

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

/** Looks by the admin API. */
export function outlookOfApi(origin: string, token: string): Outlook {
  async function ask(path: string): Promise<unknown> {
    const answer = await fetch(`${origin.replace(/\/+$/, '')}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    }).catch((cause: unknown) => {
      throw new RelayError('unavailable', `the admin API does not answer at ${origin}: ${messageOf(cause)}`, { cause })
    })
    if (answer.status === 404) return null
    if (answer.ok) return ((await answer.json()) as { data?: unknown }).data
    const hint = answer.status === 401 ? ': it has another admin token' : ''
    throw new RelayError('unavailable', `the admin API at ${origin} answers ${answer.status}${hint}`)
  }
  return {
    readEvent: async (id) => (await ask(`/events/${encodeURIComponent(id)}`)) as SentEvent | null,
    async readItems(source, since) {
      const query = new URLSearchParams({ source, since, limit: String(itemsRead) })
      return ((await ask(`/items?${query}`)) ?? []) as readonly SentItem[]
    },
    close: async () => {},
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
