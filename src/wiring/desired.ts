import { createHash } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { MapperLibrary } from '../mapping/library/load.ts'
import { moveTarget } from '../stages/upkeep/unconfigured.ts'
import { endpointsOf } from './endpoints.ts'
import { composeDestination, readSources, soundParts } from './sources.ts'
import { mayCoverUrl } from './verify.ts'

/** What is wired to what, everything compiled and checked. Throws RelayError `invalid` with every mistake. */
export async function composeParts(config: Config, now: () => number = Date.now) {
  const read = await readSources(config, now)
  const { endpoints, findings } = endpointsOf(config, now)
  return { endpoints, ...soundParts(config, { ...read, findings: [...read.findings, ...findings] }) }
}

/** The units that a configuration asks for, everything compiled and checked. Throws RelayError `invalid` with every mistake. */
export async function composeDesired(config: Config, now: () => number) {
  const { mappers, sources, endpoints } = await composeParts(config, now)
  return {
    mappers,
    desired: {
      sources: new Map(
        [...sources].map(([name, source]) => {
          const { mapper, ...settings } = config.sources[name]!
          const public_url = mayCoverUrl(source.verifier.scheme) ? config.server.public_url : undefined
          return [
            name,
            {
              source,
              settings: { ...settingsOf({ ...settings, public_url }), mapper: `${mapper} ${source.mapper.version}` },
            },
          ]
        }),
      ),
      destinations: new Map(
        Object.entries(config.destinations).map(([name, settings]) => {
          const { website_id, site_domain, base_url, connector_type } = settings
          const target = { website_id, site_domain, base_url, connector_type }
          const to = moveTarget(name, settings, config.sources)
          return [
            name,
            { settings: settingsOf(settings), target, to, make: () => composeDestination(name, settings, now) },
          ]
        }),
      ),
      endpoints: new Map(
        endpoints.map((endpoint, index) => {
          return [endpoint.name, { endpoint, settings: settingsOf(config.signals[index]!) }]
        }),
      ),
    },
  }
}

export type Composed = { readonly mappers: MapperLibrary } & Awaited<ReturnType<typeof composeDesired>>

/** A hash of each member, by name: equal for equal values, and no secret stays in memory. */
export function settingsOf(value: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => {
        return [
          name,
          createHash('sha256')
            .update(JSON.stringify(member) ?? '')
            .digest('base64url'),
        ]
      }),
  )
}
