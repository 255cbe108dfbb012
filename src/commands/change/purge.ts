import { purgeOf } from '../../stages/upkeep/unconfigured.ts'
import { expectKnown } from '../shared/expect-known.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'
import { countOf, describeBulk, presentResult, runBulk } from './bulk.ts'
import { type EventOptions, eventFilterOf, namedIn } from './event-options.ts'
import { type ItemOptions, itemFilterOf, itemNamedIn } from './redeliver.ts'

/** What a person may not think of: an event is also what a delivery that comes again is known by. */
const forgets = 'their delivery ids are forgotten: what the sender sends again is taken as new'

/** Deletes settled events before their time. Needs a filter. */
export async function purgeEvents(options: EventOptions): Promise<void> {
  const filter = eventFilterOf(options)
  const { limit } = options
  const result = await withStore(options, async (store, config) => {
    await expectKnown(store, config, namedIn(options))
    const all = () => store.purgeEvents(filter, limit)
    return runBulk(options, { choose: () => store.chooseEvents('purge', filter, limit), all, some: all })
  })
  const text = () =>
    result.kind === 'dry run'
      ? `${describeBulk('events', 'be deleted', result)}. With them ${forgets}`
      : `${countOf(result.count, 'events')} ${wasOrWere(result.count)} deleted; ${forgets}`
  print(presentResult('purged', result), { json: options.json, text })
}

/** Gives dead items up; what may be of them at the destination stays known. Needs a filter or `--all`. */
export async function purgeItems(options: ItemOptions): Promise<void> {
  const filter = itemFilterOf(options)
  const { limit } = options
  let what = 'dead items'
  const result = await withStore(options, async (store, config) => {
    await expectKnown(store, config, itemNamedIn(options))
    const bulk = purgeOf(store, config, filter, limit, Date.now())
    what = bulk.isUnconfigured ? 'items' : what
    return runBulk(options, { choose: bulk.choose, all: bulk.run, some: bulk.run })
  })
  const text = () =>
    result.kind === 'dry run'
      ? describeBulk(what, 'be given up', result)
      : `${countOf(result.count, what)} ${wasOrWere(result.count)} given up`
  print(presentResult('purged', result), { json: options.json, text })
}

function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were'
}
