import { defined } from '../../api/input.ts'
import { expectKnown, type Named } from '../shared/expect-known.ts'
import { UsageError } from '../shared/failure.ts'
import { type ItemFilterOptions, itemFilterIn } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'
import { type BulkOptions, describeBulk, failCancelled, presentResult, runBulk } from './bulk.ts'

export interface ItemOptions extends BulkOptions, ItemFilterOptions {
  readonly destination?: string
  readonly all: boolean
}

/**
 * Makes items due at once, unchanged or not. Needs a filter or `--all`. With `resetVersion` their known versions are forgotten,
 * so that the next change of each is believed.
 */
export async function redeliver(options: ItemOptions & { readonly resetVersion: boolean }): Promise<void> {
  const filter = itemFilterOf(options)
  const { limit, resetVersion } = options
  const at = Date.now()
  const result = await withStore(options, async (store, config) => {
    await expectKnown(store, config, itemNamedIn(options))
    const run = resetVersion ? store.resetItems : store.redeliverItems
    return runBulk(options, {
      choose: () => store.chooseItems(resetVersion ? 'reset' : 'redeliver', filter, limit, at),
      all: () => run(filter, limit, at),
      some: (seqs) => run({ ...filter, seqs }, seqs.length, Date.now()),
    })
  })
  const verb = resetVersion ? 'be sent again, and their next change be believed' : 'be sent again'
  print(presentResult('redelivered', result), {
    json: options.json,
    text: () => describeBulk('items', verb, result),
  })
  failCancelled('items', result)
}

/** What the options name, for `expectKnown`. */
export function itemNamedIn({ id, source, destination }: Pick<ItemOptions, 'id' | 'source' | 'destination'>): Named {
  return defined({ item: id, source, destination })
}

/** Throws UsageError if nothing says which items. */
export function itemFilterOf({ destination, all, ...options }: ItemOptions) {
  const filter = { ...itemFilterIn(options), ...defined({ destination }) }
  if (Object.keys(filter).length > 0 || all) return filter
  throw new UsageError('say which items: an id, --destination, --source, --type, --status, --since, or --all')
}
