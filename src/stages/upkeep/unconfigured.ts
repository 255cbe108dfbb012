import type { Emit } from '../../domain/signal.ts'
import { siteHostsOf } from '../../ingest/site-domain.ts'
import type { Browsing } from '../../store/contract/browsing.ts'
import type { Operating } from '../../store/contract/operating.ts'
import type { DestinationStats, ItemFilter, MoveTo, OtherSource } from '../../store/contract/store.ts'

/** What is in the store of destinations and sources that the configuration does not name: left behind by a new name, or a removal. */
export interface Unconfigured {
  /** With something that will never be delivered, or with what was. */
  readonly destinations: readonly DestinationStats[]
  readonly sources: readonly OtherSource[]
}

interface Names {
  readonly destinations: object
  readonly sources: object
}

export async function findUnconfigured(
  store: Pick<Browsing, 'readStats' | 'listOtherSources'>,
  config: Names,
): Promise<Unconfigured> {
  const { destinations } = await store.readStats()
  return {
    destinations: destinations.filter((row) => !Object.hasOwn(config.destinations, row.destination) && hasItems(row)),
    sources: await store.listOtherSources(Object.keys(config.sources)),
  }
}

function hasItems({ pending, delivered, dead, openBatches }: DestinationStats): boolean {
  return pending + delivered + dead + openBatches > 0
}

/** Says of each what it is and how to end it, as data. */
export function reportUnconfigured({ destinations, sources }: Unconfigured, emit: Emit): void {
  for (const { destination, pending, dead, openBatches } of destinations) {
    if (pending + dead + openBatches === 0) continue
    emit({ kind: 'destination.unconfigured', destination, pending, dead, advice: destinationCure(destination) })
  }
  for (const { source, pending, waiting, failed } of sources) {
    if (pending + waiting + failed === 0) continue
    emit({ kind: 'source.unconfigured', source, waiting: pending + waiting, failed, advice: sourceCure(source) })
  }
}

function destinationCure(name: string): string {
  return `configure it again, \`npx cms-relay move --from ${name} --to NAME\`, or give them up: \`npx cms-relay purge items --destination ${name}\``
}

function sourceCure(name: string): string {
  return `configure it again and \`npx cms-relay replay --source ${name}\`, or \`npx cms-relay purge events --source ${name}\``
}

/** Each with its cure; nothing for what was delivered or settled, which waits for nobody. */
export function warningsOfUnconfigured({ destinations, sources }: Unconfigured): readonly string[] {
  const ofDestinations = destinations
    .filter(({ pending, dead, openBatches }) => pending + dead + openBatches > 0)
    .map(
      ({ destination, pending, dead }) =>
        `destination '${destination}' is not configured, and ${pending} pending and ${dead} dead items are for it: ${destinationCure(destination)}`,
    )
  const ofSources = sources
    .filter(({ pending, waiting, failed }) => pending + waiting + failed > 0)
    .map(
      ({ source, pending, waiting, failed }) =>
        `source '${source}' is not configured, and ${pending + waiting} of its events wait and ${failed} have failed: ${sourceCure(source)}`,
    )
  return [...ofDestinations, ...ofSources]
}

/** Purging items: dead ones, and of a destination that is not configured also those that wait for it in vain. */
export function purgeOf(
  store: Pick<Operating, 'purgeItems' | 'giveUpItems' | 'chooseItems' | 'abandonBatches'>,
  config: Pick<Names, 'destinations'>,
  filter: ItemFilter,
  limit: number,
  at: number,
) {
  const { destination } = filter
  if (destination === undefined || Object.hasOwn(config.destinations, destination)) {
    return {
      isUnconfigured: false,
      choose: () => store.chooseItems('purge', filter, limit, at),
      run: () => store.purgeItems(filter, limit),
    }
  }
  return {
    isUnconfigured: true,
    choose: () => store.chooseItems('give up', filter, limit, at),
    async run() {
      await store.abandonBatches(destination)
      return store.giveUpItems({ ...filter, destination }, limit)
    },
  }
}

interface DestinationSettings {
  readonly site_domain: string
  readonly aliases: readonly string[]
}

/** What has to be known of a destination that items go to. */
export function moveTarget(
  name: string,
  { site_domain: siteDomain, aliases }: DestinationSettings,
  sources: Readonly<Record<string, { readonly destination: string | readonly string[] }>>,
): MoveTo {
  const senders = Object.entries(sources).filter(([, { destination }]) => [destination].flat().includes(name))
  return { destination: name, hosts: siteHostsOf(siteDomain, aliases), sources: senders.map(([source]) => source) }
}
