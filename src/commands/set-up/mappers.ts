import { RelayError } from '../../domain/errors.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import { loadMappers, type MapperLibrary, type MapperSummary } from '../../mapping/library/load.ts'
import { docPath } from '../shared/doc-path.ts'
import type { CommandOptions } from '../shared/options.ts'
import { ownMappersDir } from '../shared/own-mappers-dir.ts'
import { print } from '../shared/report.ts'
import { table } from '../shared/table.ts'
import { setupSteps } from './init/steps.ts'
import { type MapperNeeds, type NamedVar, needsOf } from './mapper-needs.ts'
import { sourceBlock } from './source-block.ts'

interface MappersOptions extends CommandOptions {
  /** Left out: all of them. */
  readonly name?: string | undefined
}

/** Lists the mappers, the user's own included, or shows one with a source to copy. */
export async function showMappers({ name, config, json, env }: MappersOptions): Promise<void> {
  const library = await loadMappers({ userDir: ownMappersDir(config, env) })
  if (name === undefined) {
    const all = library.list().map((summary) => reportOf(summary, library))
    print(all, { json, text: () => listText(all) })
    return
  }
  const summary = library.list().find((one) => one.name === name)
  const definition = library.get(name)
  if (!summary || !definition) throw new RelayError('not_found', describeUnknown('mapper', name, library.names))
  const report = reportOf(summary, library)
  const { text } = sourceBlock({ source: name, definition, destination: 'main', site: 'example.com' })
  const steps = setupSteps({ definition, url: `https://<relay>/webhooks/${name}`, secret: 'the secret' })
  print({ ...report, source: text, steps }, { json, text: () => oneText(report, needsOf(definition), text, steps) })
}

type Report = ReturnType<typeof reportOf>

function reportOf(
  { name, title, description, origin, file, verify, vars, retries }: MapperSummary,
  library: MapperLibrary,
) {
  const needs = needsOf(library.get(name)!)
  return {
    name,
    title,
    description,
    origin,
    file,
    page: origin === 'built-in' ? docPath(`docs/cms/${name}.md`) : null,
    verify,
    retries,
    needs: {
      scheme: needs.scheme,
      secret: needs.secret,
      settings: needs.settings,
      vars: needs.required.map((one) => one.name),
      models: needs.models,
      fetch: needs.fetch,
    },
    optional_vars: needs.optional.map((one) => one.name),
    vars,
  }
}

function listText(reports: readonly Report[]): string {
  const rows = reports.map(({ name, title, origin, needs, optional_vars }) => [
    name,
    title,
    needs.scheme ?? 'yours to say',
    [...needs.vars, ...optional_vars.map((one) => `[${one}]`)].join(' '),
    [needs.models ? 'models' : '', needs.fetch ? 'fetch' : ''].filter(Boolean).join(', '),
    origin === 'yours' ? 'yours' : '',
  ])
  return [
    table([['MAPPER', 'SYSTEM', 'VERIFY', 'VARS', 'NEEDS', ''], ...rows]),
    '',
    'models: only the models that a source registers are sent. fetch: the CMS is asked for what its webhooks leave out.',
    'One in full, with a source to copy: npx cms-relay mappers NAME. A whole configuration: npx cms-relay init NAME.',
  ].join('\n')
}

function oneText(report: Report, needs: MapperNeeds, block: string, steps: readonly string[]): string {
  const { name, title, description, origin, file, page, retries } = report
  const facts = [
    ['mapper', `${name} (${origin}, ${file})`],
    ['verify', [needs.verify, ...needs.settings.map((one) => `${one}: yours to say`)].join('; ')],
    ['models', needs.models ? 'only those that the source registers are sent' : 'none: what is sent is fixed'],
    ['fetch', needs.fetch ? 'the CMS is asked for what its webhooks leave out' : 'nothing'],
    ['sends again', retries === null ? 'not said' : retries.how],
    ...(page === null ? [] : [['page', page]]),
  ]
  const vars = [...needs.required, ...needs.optional].map((one) => [one.name, ruleOf(one), one.description ?? ''])
  return [
    title,
    ...(description === null ? [] : [description.trim()]),
    '',
    table(facts),
    ...(vars.length === 0 ? [] : ['', table([['VAR', '', ''], ...vars])]),
    '',
    'In relay.yaml:',
    '',
    block.trimEnd(),
    '',
    `In ${title}:`,
    '',
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ].join('\n')
}

function ruleOf({ required, default: preset }: NamedVar): string {
  if (required) return 'required'
  return preset === undefined ? '' : `default ${JSON.stringify(preset)}`
}
