import { z } from 'zod'
import { bulkParams, bulkSchema } from '../../src/api/bulk.ts'
import { itemErrorsSchema, presentItemErrors } from '../../src/api/errors.ts'
import { defined, pageParams, periodParams, presentPage, splitPage } from '../../src/api/input.ts'
import {
  itemDetailSchema,
  itemSchema,
  itemStatus,
  movedSchema,
  presentItem,
  presentItemDetail,
  presentMoved,
  presentReleased,
  redeliveredSchema,
  releasedSchema,
  removedSchema,
} from '../../src/api/items.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { runBulk } from '../../src/http/bulk.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'
import { chooseToRelease, chooseToRemove } from '../../src/stages/operate/choose-items.ts'
import { moveBetween } from '../../src/stages/operate/move.ts'
import { purgeOf } from '../../src/stages/upkeep/unconfigured.ts'
import type { ItemDetail } from '../../src/store/contract/store.ts'

/** Which items of a destination. */
const contentFilter = {
  source: z.string().optional(),
  type: z.string().optional(),
  id: z.string().optional(),
  ...periodParams,
}
const itemFilter = { destination: z.string().optional(), ...contentFilter }
const resetParam = { reset_version: z.boolean().default(false).describe('Whether the known version is forgotten.') }
const itemQuery = z.strictObject({
  ...itemFilter,
  status: itemStatus.optional(),
  held: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  group_by: z.enum(['error']).optional().describe('Causes of errors, the most frequent first, in place of items.'),
  ...pageParams,
})
const redeliverBody = z.strictObject({
  ...itemFilter,
  status: itemStatus.optional(),
  held: z.boolean().optional(),
  ...resetParam,
  ...bulkParams,
})
const redeliverOneBody = z.strictObject(resetParam)
const removeBody = z.strictObject({
  hold: z.boolean().default(false).describe('Keep it away until it is released, whatever the CMS says.'),
})
const purgeBody = z.strictObject({ ...itemFilter, status: z.literal('dead').optional(), ...bulkParams })
const moveBody = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  ...contentFilter,
  status: itemStatus.optional(),
  ...bulkParams,
})
/** What tells items of one id apart. */
const whichQuery = z.strictObject({ destination: z.string().optional(), type: z.string().optional() })

/** Items: list, look into (desired, delivered, last error, attempts), redeliver, move, give up, take away, release. */
export function items(relay: Relay): readonly Route[] {
  const { store } = relay
  const chooseDeps = () => ({ store, destinations: [...relay.destinations.keys()] })

  async function one(id: string, which: z.output<typeof whichQuery>): Promise<ItemDetail> {
    const found = await store.getItems({ id, ...defined(which) })
    const [item, ...others] = found
    if (!item) throw new RelayError('not_found', `no item '${id.slice(0, 256)}'`)
    if (others.length === 0) return item
    const choices = found.map(({ destination, type }) => ({ destination, type }))
    throw new RelayError('conflict', `several items are called '${id}': add ?destination= and ?type=`, {
      details: { choices },
    })
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/items',
      name: 'listItems',
      tag: 'items',
      role: 'viewer',
      summary: 'Items, last changed first, or their errors by cause',
      query: itemQuery,
      answer: z.array(z.union([itemSchema, itemErrorsSchema])),
      holdsNoContent: true,
      async handle({ query: { group_by: groupBy, ...query } }) {
        if (groupBy === undefined) return presentPage(query, store.listItems, presentItem)
        const { filter, page } = splitPage(query)
        const groups = await store.groupItemErrors(filter, page.limit)
        return { data: groups.map(presentItemErrors) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/items/:id',
      name: 'getItem',
      tag: 'items',
      role: 'viewer',
      summary: 'One item, with its content and the last 50 attempts',
      query: whichQuery,
      answer: itemDetailSchema,
      errors: [404, 409],
      async handle({ params: { id }, query }) {
        const item = await one(id, query)
        const { rows } = await store.listAttempts({ itemSeq: item.seq }, { limit: 50 })
        return { data: presentItemDetail(item, rows) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/:id/redeliver',
      name: 'redeliverItem',
      tag: 'items',
      role: 'operator',
      summary: 'Send one item again, changed or not',
      query: whichQuery,
      body: redeliverOneBody,
      answer: redeliveredSchema,
      statuses: [202],
      errors: [404, 409],
      async handle({ params, query, body: { reset_version: resetVersion } }) {
        const { destination, type, id } = await one(params.id, query)
        const key = { destination, type, id }
        if (resetVersion) await store.resetItems(key, 1, relay.now())
        else await store.redeliverItems(key, 1, relay.now())
        relay.wake()
        return { data: { ...key, status: 'pending' as const, ...(resetVersion && { reset_version: true as const }) } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/:id/remove',
      name: 'removeItem',
      tag: 'items',
      role: 'operator',
      summary: 'Take one item away from its destination, known to the relay or not',
      query: whichQuery,
      body: removeBody,
      answer: removedSchema,
      statuses: [202],
      errors: [404, 409],
      async handle({ params, query, body: { hold } }) {
        const keys = await chooseToRemove({ id: params.id, ...defined(query) }, chooseDeps())
        for (const key of keys) await store.removeItem({ ...key, hold })
        relay.wake()
        return { data: { removed: [...keys], hold } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/:id/release',
      name: 'releaseItem',
      tag: 'items',
      role: 'operator',
      summary: 'End the hold of one item',
      query: whichQuery,
      body: z.strictObject({}),
      answer: releasedSchema,
      statuses: [202],
      errors: [404, 409],
      async handle({ params, query }) {
        const keys = await chooseToRelease({ id: params.id, ...defined(query) }, chooseDeps())
        const released: z.output<typeof releasedSchema>['released'] = []
        for (const key of keys) {
          const result = await store.releaseItem(key)
          if (result !== null) released.push(presentReleased(key, result))
        }
        relay.wake()
        return { data: { released } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/redeliver',
      name: 'redeliverItems',
      tag: 'items',
      role: 'operator',
      summary: 'Send all items that match again, changed or not',
      body: redeliverBody,
      answer: bulkSchema('redelivered'),
      statuses: [202, 200],
      handle(asked) {
        const at = relay.now()
        return runBulk(
          'items.redelivered',
          asked,
          ({ filter, limit, resetVersion }) => ({
            choose: () => store.chooseItems(resetVersion ? 'reset' : 'redeliver', filter, limit, at),
            run: () => (resetVersion ? store.resetItems(filter, limit, at) : store.redeliverItems(filter, limit, at)),
          }),
          relay.wake,
        )
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/purge',
      name: 'purgeItems',
      tag: 'items',
      role: 'admin',
      summary: 'Give dead items up, or pending ones of a destination that is not configured',
      body: purgeBody,
      answer: bulkSchema('purged'),
      handle: (asked) =>
        runBulk('items.purged', asked, ({ filter, limit }) => purgeOf(store, relay.config, filter, limit, relay.now())),
    }),
    route({
      method: 'POST',
      path: '/api/v1/items/move',
      name: 'moveItems',
      tag: 'items',
      role: 'admin',
      summary: 'Make items of one destination those of another',
      body: moveBody,
      answer: movedSchema,
      statuses: [202, 200],
      async handle({ body: { from, to, limit, dry_run: dryRun, ...given }, request }) {
        const move = { from, to, filter: defined(given), limit, dryRun }
        const moved = await moveBetween(store, relay.config, move)
        request.act = { what: 'items.moved', filter: { from, to, ...move.filter }, dryRun, count: moved.moved }
        const data = presentMoved(dryRun, moved)
        if (dryRun) return { data, status: 200 }
        relay.wake()
        return { data }
      },
    }),
  ]
}
