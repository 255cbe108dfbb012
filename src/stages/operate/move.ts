import { RelayError } from '../../domain/errors.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import type { Browsing } from '../../store/contract/browsing.ts'
import type { Operating } from '../../store/contract/operating.ts'
import type { ItemFilter, Moved } from '../../store/contract/store.ts'
import { moveTarget } from '../upkeep/unconfigured.ts'

export interface Move {
  readonly from: string
  readonly to: string
  readonly filter: Omit<ItemFilter, 'destination'>
  readonly limit: number
  readonly dryRun: boolean
}

interface Settings {
  readonly destinations: Readonly<Record<string, { readonly site_domain: string; readonly aliases: readonly string[] }>>
  readonly sources: Readonly<Record<string, { readonly destination: string | readonly string[] }>>
}

/** Items of one destination, configured or not, become those of another. Throws RelayError `invalid` if there is no such other one. */
export async function moveBetween(
  store: Pick<Operating, 'abandonBatches' | 'moveItems'> & Pick<Browsing, 'listBatches'>,
  { destinations, sources }: Settings,
  { from, to, filter, limit, dryRun }: Move,
): Promise<Moved> {
  if (from === to) throw new RelayError('invalid', `'${from}' is where they are`)
  const settings = Object.hasOwn(destinations, to) ? destinations[to] : undefined
  if (!settings) throw new RelayError('invalid', describeUnknown('destination', to, Object.keys(destinations)))
  // What one destination has been sent says nothing of the other. A configured one may have calls under way: those stay its own.
  if (!dryRun && !Object.hasOwn(destinations, from)) await store.abandonBatches(from)
  const target = { ...moveTarget(to, settings, sources), dryRun }
  return store.moveItems({ ...filter, destination: from }, target, limit)
}
