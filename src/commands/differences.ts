import { composeSources } from '../compose.ts'
import type { Config } from '../config/schema.ts'
import { presentComparison } from '../plugins/present-compare.ts'
import { type Comparison, createCompare } from '../stages/compare.ts'
import type { MapTarget } from '../stages/map-event.ts'
import type { ReplayOptions } from './replay.ts'
import { print, UsageError } from './report.ts'
import { withStore } from './with-store.ts'

/** Shows what replaying the named events would change now, and changes nothing. */
export async function showDifferences({ ids, json, ...options }: ReplayOptions): Promise<void> {
  if (ids.length === 0) throw new UsageError('--diff takes ids of events')
  const comparisons = await withStore(options, async (store, config) => {
    const { sources } = await composeSources(config)
    try {
      const deps = {
        store,
        sources,
        destinations: targetsOf(config),
        bodyLimit: config.server.body_limit,
        now: Date.now,
      }
      const compare = createCompare(deps)
      const found: Comparison[] = []
      for (const id of ids) found.push(await compare(id))
      return found
    } finally {
      for (const { fetch } of sources.values()) await fetch?.client.close()
    }
  })
  print(comparisons.map(presentComparison), {
    json,
    text: () => comparisons.flatMap((one, at) => [...(at > 0 ? [''] : []), ...linesOf(one)]),
  })
}

function targetsOf(config: Config): ReadonlyMap<string, MapTarget> {
  return new Map(
    Object.entries(config.destinations).map(([name, { site_domain, aliases, default_language, delivery }]) => {
      const rules = { siteDomain: site_domain, aliases, defaultLanguage: default_language }
      return [name, { name, rules, debounce: { debounceMs: delivery.debounce, maxWaitMs: delivery.max_wait } }]
    }),
  )
}

function linesOf(comparison: Comparison): readonly string[] {
  const { eventId, source, mapper, mapperVersion, mappedWith, changes, skipped, error } = comparison
  const since = mappedWith === mapperVersion ? 'as then' : `then ${mappedWith ?? 'not mapped'}`
  return [
    `${eventId} of ${source}: ${mapper} ${mapperVersion} (${since})`,
    ...changes.flatMap(({ destination, type, id, kind, result, differences }) => [
      `  ${destination} ${type} ${id}: ${kind}, ${result}`,
      ...differences.flatMap(({ path, before, after }) => [
        `    ${path || '(the item)'}`,
        ...(before === undefined ? [] : [`      - ${shortText(before)}`]),
        ...(after === undefined ? [] : [`      + ${shortText(after)}`]),
      ]),
    ]),
    ...(skipped === null ? [] : [`  nothing comes of it: ${skipped}`]),
    ...(error === null ? [] : [`  fails: ${error}`]),
  ]
}

/** As much of a value as fits a line; `--json` has all of it. */
function shortText(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 160 ? `${text.slice(0, 160)}… (${text.length} characters)` : text
}
