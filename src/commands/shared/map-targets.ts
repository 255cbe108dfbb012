import type { Config } from '../../config/schema.ts'
import type { MapTarget } from '../../stages/map/map-event.ts'

/** What the mapping has to know of the destinations. */
export function targetsOf(config: Config): ReadonlyMap<string, MapTarget> {
  return new Map(
    Object.entries(config.destinations).map(([name, { site_domain, aliases, default_language, delivery }]) => {
      const rules = { siteDomain: site_domain, aliases, defaultLanguage: default_language }
      return [name, { name, rules, debounce: { debounceMs: delivery.debounce, maxWaitMs: delivery.max_wait } }]
    }),
  )
}
