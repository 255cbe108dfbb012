import { presentWebhookPreview } from '../../api/previews.ts'
import { isFromVariable } from '../../config/origins.ts'
import type { Config } from '../../config/schema.ts'
import { sourceUrl } from '../../config/source-url.ts'
import { RelayError } from '../../domain/errors.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import { varsFromVariables } from '../../mapping/definition/vars.ts'
import { bindMapper } from '../../mapping/library/bind.ts'
import { loadMappers } from '../../mapping/library/load.ts'
import { loadConfigOrSandbox } from '../../sandbox/mode.ts'
import { fixtureAnswers } from '../../stages/fetch/fixture-answers.ts'
import { boundedText } from '../../stages/map/map-event.ts'
import { deliveryOf, previewWebhook } from '../../stages/operate/preview-webhook.ts'
import { UsageError } from '../shared/failure.ts'
import type { CommandOptions } from '../shared/options.ts'
import { ownMappersDir } from '../shared/own-mappers-dir.ts'
import { printJson } from '../shared/report.ts'
import { forMapping } from '../shared/uses.ts'
import { type FixtureOptions, readFixture } from './fixture-input.ts'
import { provenOf } from './proven.ts'

interface MapOptions extends Omit<CommandOptions, 'json'>, FixtureOptions {
  readonly mapper?: string
  readonly var: readonly string[]
  readonly source?: string
}

/** Prints what one webhook would come to. Problems go to standard error and make the command fail. */
export async function mapOne(options: MapOptions): Promise<void> {
  const { source: sourceName, env } = options
  const config =
    sourceName === undefined && options.config === undefined
      ? null
      : (await loadConfigOrSandbox(options.config, env, forMapping)).config
  const source =
    config && sourceName !== undefined && Object.hasOwn(config.sources, sourceName)
      ? config.sources[sourceName]
      : undefined
  if (sourceName !== undefined && !source) {
    throw new RelayError('not_found', describeUnknown('source', sourceName, Object.keys(config?.sources ?? {})))
  }
  const name = options.mapper ?? source?.mapper
  if (name === undefined) throw new UsageError('say which mapper: --mapper NAME, or --config FILE --source NAME')

  const library = await loadMappers({ userDir: config === null ? ownMappersDir(undefined, env) : config.mappers_dir })
  const definition = library.get(name)
  if (!definition) throw new RelayError('not_found', describeUnknown('mapper', name, library.names))
  const own = varsOf(options.var)
  const isText = (key: string) =>
    Object.hasOwn(own, key) || (config !== null && isFromVariable(config, `sources.${sourceName}.vars.${key}`))
  const vars = varsFromVariables({ ...source?.vars, ...own }, definition.vars, isText)
  const mapper = bindMapper(definition, {
    source: sourceName ?? 'map',
    vars,
    models: source?.models ?? {},
    html: source?.html ?? 'safe',
  })
  const fixture = readFixture(options)
  const delivery = deliveryOf(fixture, sourceName ?? 'map')
  const answers = fixtureAnswers(fixture.fetched ?? [])
  const limit = config?.server.body_limit ?? delivery.body.length + 1
  const root = config?.server.public_url
  const url = root && sourceName ? sourceUrl(root, sourceName) : undefined
  const proof = provenOf({ source, definition, delivery, url, now: Date.now() })
  const rules = rulesOf(config, source)
  const preview = await previewWebhook(mapper, delivery, rules, limit, answers, proof)
  const { problems, ...shown } = presentWebhookPreview(preview)
  printJson({ ...shown, error: problems.length > 0 ? boundedText(problems) : null })
  if (problems.length > 0) {
    const issues = problems.map((message) => ({ path: '', message }))
    throw new RelayError('invalid', 'some records could not be mapped', { details: { issues } })
  }
}

function rulesOf(config: Config | null, source: Config['sources'][string] | undefined) {
  const target = [source?.destination ?? []].flat()[0]
  const destination = target === undefined ? undefined : config?.destinations[target]
  return {
    siteDomain: destination?.site_domain ?? null,
    aliases: destination?.aliases ?? [],
    defaultLanguage: destination?.default_language,
  }
}

function varsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at <= 0) throw new UsageError(`--var '${pair}' is not of the form name=value`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
