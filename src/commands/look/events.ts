import { presentEvent, presentEventDetail } from '../../api/events.ts'
import { defined } from '../../api/input.ts'
import { presentItem } from '../../api/items.ts'
import { presentEventPreview } from '../../api/previews.ts'
import type { Config } from '../../config/schema.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { createPreviewEvent } from '../../stages/operate/preview-event.ts'
import type { EventStatus, Store } from '../../store/contract/store.ts'
import { composeMappings } from '../../wiring/sources.ts'
import { expectKnown, unknownEvent } from '../shared/expect-known.ts'
import { targetsOf } from '../shared/map-targets.ts'
import type { CommandOptions } from '../shared/options.ts'
import { printList, shortTime } from '../shared/print-list.ts'
import { print } from '../shared/report.ts'
import { forMapping } from '../shared/uses.ts'
import { withStore } from '../shared/with-store.ts'
import { describeEvent, type ShownEvent } from './describe-event.ts'

interface EventsOptions extends CommandOptions {
  /** Left out: a list. */
  readonly id?: string | undefined
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
}

/** Lists events, the newest first, or shows one with all that became of it. */
export async function showEvents(options: EventsOptions): Promise<void> {
  await (options.id === undefined ? listEvents(options) : showEvent(options.id, options))
}

async function listEvents({ source, status, topic, since, until, limit, json, ...options }: EventsOptions) {
  const { rows, next } = await withStore(options, async (store, config) => {
    await expectKnown(store, config, defined({ source }))
    return store.listEvents(defined({ source, status, topic, since, until }), { limit })
  })
  printList(json, {
    rows: rows.map(presentEvent),
    head: ['EVENT', 'RECEIVED', 'SOURCE', 'TOPIC', 'STATUS', 'WHY'],
    cellsOf: (row) => [row.id, shortTime(row.received_at), row.source, row.topic, row.status, row.error ?? row.reason],
    none: 'no events',
    hasMore: next !== null,
  })
}

async function showEvent(id: string, { json, ...options }: EventsOptions): Promise<void> {
  const shown = await withStore({ ...options, uses: forMapping }, (store, config) => readEvent(store, config, id))
  print(shown, { json, text: () => describeEvent(shown) })
}

/** The event as the admin API shows it, with what the mapper makes of it now, and the items that this is about. */
async function readEvent(store: Store, config: Config, id: string): Promise<ShownEvent> {
  const event = await store.getEvent(id)
  if (!event) throw await unknownEvent(store, id)
  const shown = presentEventDetail(event)
  try {
    const sources = await composeMappings(config)
    const bodyLimit = config.server.body_limit
    const deps = { store, sources, destinations: targetsOf(config), bodyLimit, now: Date.now }
    const preview = presentEventPreview(await createPreviewEvent(deps)(id))
    const found = await Promise.all(
      preview.changes.map(({ destination, type, id }) => store.getItems({ destination, type, id })),
    )
    return { ...shown, preview, items: found.flat().map(presentItem) }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    // Its source is not configured any more, or the mapper of one has a mistake.
    return { ...shown, preview: null, preview_error: messageOf(error), items: [] }
  }
}
