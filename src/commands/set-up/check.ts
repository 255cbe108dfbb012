import type { Config } from '../../config/schema.ts'
import { secretsOfSource, shownStore } from '../../config/secrets.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { escapeText } from '../../domain/printable.ts'
import { loadConfigOrSandbox } from '../../sandbox/mode.ts'
import type { Source } from '../../stages/source.ts'
import { findUnconfigured, warningsOfUnconfigured } from '../../stages/upkeep/unconfigured.ts'
import { peekStore } from '../../store/open.ts'
import { tokenSchemes } from '../../verify/coverage.ts'
import { composeParts } from '../../wiring/desired.ts'
import { warningsOfMappers } from '../../wiring/mapper-warnings.ts'
import { warningsOf } from '../../wiring/warnings.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { table } from '../shared/table.ts'

interface CheckOptions extends CommandOptions {
  readonly strict: boolean
  /** Whether the database is looked into where there is one. */
  readonly store: boolean
}

/** Validates everything that can be validated without a connection, and shows what is wired to what. */
export async function check({ config: flag, json, strict, store, env }: CheckOptions): Promise<void> {
  const { config, file } = await loadConfigOrSandbox(flag, env)
  const { sources, mappers } = await composeParts(config)
  const inStore = store ? await storeWarnings(config) : []
  const warnings = [...warningsOf(config), ...warningsOfMappers(config, mappers), ...inStore]
  const wiring = wiringOf(config, file, sources, warnings)
  print(wiring, { json, text: () => textOf(wiring) })
  if (!strict || warnings.length === 0) return
  throw new RelayError('invalid', `--strict: ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`)
}

/** What is in the database of destinations and sources that are not in the configuration. It is only read. */
async function storeWarnings(config: Config): Promise<readonly string[]> {
  try {
    const store = await peekStore(config.store)
    if (!store) return []
    try {
      return warningsOfUnconfigured(await findUnconfigured(store, config))
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    return [`the store was not looked into: ${messageOf(error)} (--no-store leaves it out)`]
  }
}

function wiringOf(
  config: Config,
  file: string | null,
  sources: ReadonlyMap<string, Source>,
  warnings: readonly string[],
) {
  return {
    file,
    listen: `${config.server.host}:${config.server.port}`,
    listen_operators: config.server.admin ? `${config.server.admin.host}:${config.server.admin.port}` : null,
    store: shownStore(config.store),
    admin_api: config.server.admin_token ? 'on' : 'off (no admin_token)',
    sources: Object.entries(config.sources).map(([name, settings]) => {
      const source = sources.get(name)
      return {
        name,
        path: `/webhooks/${name}`,
        enabled: settings.enabled,
        mapper: settings.mapper,
        mapper_version: source?.mapper.version,
        verify: source?.verifier.scheme,
        secrets: secretsOfSource(settings).length,
        models: Object.keys(settings.models),
        destinations: source?.destinations ?? [],
      }
    }),
    signals: config.signals.map(({ url, types }) => ({ origin: new URL(url).origin, types, events: types })),
    notes: notesOf(config, sources),
    warnings,
    destinations: Object.entries(config.destinations).map(([name, settings]) => ({
      name,
      enabled: settings.enabled,
      base_url: settings.base_url,
      website_id: settings.website_id,
      site_domain: settings.site_domain,
      token: 'set',
    })),
  }
}

/** What is worth knowing and may well be right as it is. */
function notesOf(config: Config, sources: ReadonlyMap<string, Source>): readonly string[] {
  const open = [...sources.values()].filter(({ name, enabled, verifier }) => {
    return enabled && tokenSchemes.has(verifier.scheme) && config.sources[name]?.allow_from === undefined
  })
  if (open.length === 0) return []
  const names = open.map(({ name }) => name).join(', ')
  return [
    `a fixed token is the only proof of ${names}: where the sender has addresses of its own, name them in allow_from`,
  ]
}

function textOf({
  file,
  listen,
  listen_operators: operators,
  store,
  admin_api,
  sources,
  destinations,
  signals,
  notes,
  warnings,
}: ReturnType<typeof wiringOf>): string {
  const off = (enabled: boolean) => (enabled ? '' : 'off')
  const sourceRows = sources.map((row) => [
    row.path,
    `${row.verify}, ${row.secrets === 1 ? '1 secret' : `${row.secrets} secrets`}`,
    `${row.mapper} ${row.mapper_version}${row.models.length > 0 ? ` (${row.models.join(', ')})` : ''}`,
    `-> ${row.destinations.join(', ')}`,
    off(row.enabled),
  ])
  const destinationRows = destinations.map((row) => [
    row.name,
    row.base_url,
    row.website_id,
    row.site_domain,
    off(row.enabled),
  ])
  return [
    `${file ?? 'nothing is configured: sandbox mode'}: valid`,
    '',
    table([
      ['listen', listen],
      ...(operators === null ? [] : [['for operators', operators]]),
      ['store', store],
      ['admin API', admin_api],
    ]),
    '',
    table([['WEBHOOKS', 'VERIFY', 'MAPPER', 'DESTINATION', ''], ...sourceRows]),
    ...notes.map((note) => `note: ${note}`),
    '',
    table([['DESTINATION', 'BASE URL', 'WEBSITE', 'SITE DOMAIN', ''], ...destinationRows]),
    ...signals.map(({ origin, types }) => `\nsignals to ${origin}: ${types.join(', ')}`),
    ...warnings.map((warning) => `\nwarning: ${escapeText(warning)}`),
  ].join('\n')
}
