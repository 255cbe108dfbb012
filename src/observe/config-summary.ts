import type { Config } from '../config/schema.ts'
import { secretsOfSource, shownStore } from '../config/secrets.ts'

/** The configuration as logged at start: secrets as `set`. */
export function summaryOf({
  server,
  store,
  destinations,
  sources,
  mappers_dir,
  signals,
  retention,
  log,
}: Config): Record<string, unknown> {
  return {
    server: { ...server, admin_token: server.admin_token ? 'set' : 'not set' },
    store: shownStore(store),
    destinations: Object.fromEntries(
      Object.entries(destinations).map(([name, one]) => [name, { ...one, token: 'set' }]),
    ),
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, one]) => {
        const { mapper, destination, enabled, rate_limit, models } = one
        const secrets = secretsOfSource(one).length
        return [name, { mapper, destination, enabled, rate_limit, secrets, models: Object.keys(models) }]
      }),
    ),
    signals: signals.map(({ url, types }) => ({ origin: new URL(url).origin, types })),
    mappers_dir,
    retention,
    log,
  }
}
