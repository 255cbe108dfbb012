import { defined } from '../../api/input.ts'
import { presentReleased } from '../../api/items.ts'
import { chooseToRelease, chooseToRemove } from '../../stages/operate/choose-items.ts'
import type { ItemKey, Released } from '../../store/contract/store.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'

interface OneItemOptions extends CommandOptions {
  readonly type: string
  readonly id: string
  readonly destination?: string
  readonly dryRun: boolean
}

/** Takes an item away from its destination, known to the relay or not. */
export async function remove(options: OneItemOptions & { readonly hold: boolean }): Promise<void> {
  const { dryRun, hold, json } = options
  const removed = await withStore(options, async (store, config) => {
    const keys = await chooseToRemove(meantBy(options), { store, destinations: Object.keys(config.destinations) })
    if (!dryRun) for (const key of keys) await store.removeItem({ ...key, hold })
    return keys
  })
  const what = dryRun ? 'would be taken away; nothing was done' : hold ? 'is taken away, and held' : 'is taken away'
  print(dryRun ? { dry_run: true, removed, hold } : { removed, hold }, {
    json,
    text: () => linesOf(removed, () => what),
  })
}

/** Ends the hold of an item. */
export async function release(options: OneItemOptions): Promise<void> {
  const { dryRun, json } = options
  const released = await withStore(options, async (store, config) => {
    const keys = await chooseToRelease(meantBy(options), { store, destinations: Object.keys(config.destinations) })
    const results: (ItemKey & { readonly released: Released | null })[] = []
    for (const key of keys) results.push({ ...key, released: dryRun ? null : await store.releaseItem(key) })
    return results
  })
  const shown = released.map(({ released: result, ...key }) => (result ? presentReleased(key, result) : key))
  print(dryRun ? { dry_run: true, released: shown } : { released: shown }, {
    json,
    text: () =>
      linesOf(released, ({ released: result }) => (dryRun ? 'would be released; nothing was done' : wordsOf(result))),
  })
}

/** What comes of a release, in words. */
function wordsOf(result: Released | null): string {
  if (result === null) return 'was not held any more'
  if (!result.changed) return 'is released; it stays away until the CMS tells of it again'
  return result.desiredKind === 'upsert' ? 'is released and will be sent' : 'is released; the CMS wants it away as well'
}

function meantBy({ id, type, destination }: OneItemOptions) {
  return { id, type, ...defined({ destination }) }
}

function linesOf<Key extends ItemKey>(keys: readonly Key[], what: (key: Key) => string): readonly string[] {
  return keys.map((key) => `${key.type} '${key.id}' at ${key.destination} ${what(key)}`)
}
