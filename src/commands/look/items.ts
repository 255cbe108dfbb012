import { defined } from '../../api/input.ts'
import { presentItem, presentItemDetail } from '../../api/items.ts'
import type { Config } from '../../config/schema.ts'
import { RelayError } from '../../domain/errors.ts'
import { whyPending } from '../../domain/why-pending.ts'
import { readCircuits } from '../../stages/deliver/shared-circuit.ts'
import type { ItemDetail, ItemStatus, Store } from '../../store/contract/store.ts'
import { expectKnown, unknownItem } from '../shared/expect-known.ts'
import type { CommandOptions } from '../shared/options.ts'
import { printList, shortTime } from '../shared/print-list.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'
import { describeItem, type ShownItem } from './describe-item.ts'

interface ItemsOptions extends CommandOptions {
  /** Left out: a list. */
  readonly id?: string | undefined
  readonly destination?: string
  readonly source?: string
  readonly type?: string
  readonly status?: ItemStatus
  readonly held: boolean
  readonly since?: number
  readonly until?: number
  readonly limit: number
}

/** Lists items, last changed first, or shows one: what is wanted, what is delivered, what was tried, and why it waits. */
export async function showItems(options: ItemsOptions): Promise<void> {
  await (options.id === undefined ? listItems(options) : showItem(options.id, options))
}

async function listItems(options: ItemsOptions): Promise<void> {
  const { destination, source, type, status, since, until, limit, json } = options
  const held = options.held ? true : undefined // not asked for: held or not
  const { rows, next } = await withStore(options, async (store, config) => {
    await expectKnown(store, config, defined({ source, destination }))
    return store.listItems(defined({ destination, source, type, status, held, since, until }), { limit })
  })
  printList(json, {
    rows: rows.map(presentItem),
    head: ['ITEM', 'CHANGED', 'TYPE', 'DESTINATION', 'STATUS', 'WHY'],
    cellsOf: (row) => [
      row.id,
      shortTime(row.changed_at),
      row.type,
      row.destination,
      `${row.status}${row.desired_kind === 'delete' ? ' (removal)' : ''}${row.held ? ', held' : ''}`,
      row.error,
    ],
    none: 'no items',
    hasMore: next !== null,
  })
}

async function showItem(id: string, { destination, type, json, ...options }: ItemsOptions): Promise<void> {
  const shown = await withStore(options, async (store, config) => {
    await expectKnown(store, config, defined({ destination }))
    const found = await store.getItems({ id, ...defined({ destination, type }) })
    if (found.length === 0) throw await unknownItem(store, id, await store.getItems({ id }))
    if (json && found.length > 1) throw severalOf(id, found)
    return Promise.all(found.map((item) => readItem(store, config, item)))
  })
  print(shown[0], { json, text: () => shown.flatMap((one, at) => [...(at > 0 ? [''] : []), ...describeItem(one)]) })
}

/** As the admin API answers. */
function severalOf(id: string, found: readonly ItemDetail[]): RelayError {
  const choices = found.map(({ destination, type }) => ({ destination, type }))
  const message = `several items are called '${id}': add --destination and --type`
  return new RelayError('conflict', message, { details: { choices } })
}

/** The item as the admin API shows it, and why it waits. */
async function readItem(store: Store, config: Config, item: ItemDetail): Promise<ShownItem> {
  const { destination } = item
  const { rows: attempts } = await store.listAttempts({ itemSeq: item.seq }, { limit: 50 })
  const settings = Object.hasOwn(config.destinations, destination) ? config.destinations[destination] : undefined
  const circuit = (await readCircuits(store)).get(destination)?.circuit ?? null
  const batch = item.batchId === null ? null : await batchOf(store, destination, item.batchId)
  const standing = settings === undefined ? 'unconfigured' : settings.enabled ? 'on' : 'off'
  const why = whyPending({ ...item, standing, circuit, batch, now: Date.now() })
  return { ...presentItemDetail(item, attempts), why_pending: why }
}

/** A batch that holds an item; there are few such batches at once. */
async function batchOf(store: Store, destination: string, id: string) {
  for (const status of ['claimed', 'open'] as const) {
    const { rows } = await store.listBatches({ destination, status }, { limit: 200 })
    const batch = rows.find((row) => row.id === id)
    if (batch) return batch
  }
  return null
}
