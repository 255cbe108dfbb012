import { statSync } from 'node:fs'
import { styleText } from 'node:util'
import { findConfigFile, loadConfig } from '../../../config/load.ts'
import type { Environment } from '../../../config/substitute.ts'
import { RelayError } from '../../../domain/errors.ts'
import { escapeText } from '../../../domain/printable.ts'
import { describeUnknown } from '../../../domain/unknown-name.ts'
import { loadMappers } from '../../../mapping/library/load.ts'
import { ownMappersDir } from '../../shared/own-mappers-dir.ts'
import { printColoured, printJson } from '../../shared/report.ts'
import { shortText } from '../../shared/short-text.ts'
import { forMapping } from '../../shared/uses.ts'
import { type FixtureSettings, findFixtureFolders } from './fixture-folder.ts'
import { type FixtureResult, isGood, runFixtures } from './run-fixtures.ts'

interface TestOptions {
  readonly folder: string
  readonly mapper?: string
  readonly mappers?: string
  readonly source?: string
  readonly update: boolean
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Maps the fixtures of a folder and compares what comes out with what is expected. Throws if something is not as it should be. */
export async function testFixtures(options: TestOptions): Promise<void> {
  const { folder, mapper, json, update } = options
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RelayError('not_found', `there is no folder ${folder}`)
  }
  const folders = findFixtureFolders(folder)
  if (!folders.some(({ fixtures, orphans }) => fixtures.length + orphans.length > 0)) {
    throw new RelayError('not_found', `there is no fixture in ${folder}: a fixture is a webhook in NAME.json`)
  }
  const { settings, userDir } = settingsOf(options)
  const library = await loadMappers({ userDir })

  const all: FixtureResult[] = []
  for (const one of folders) {
    const results = await runFixtures(one, { library, mapper, update, settings })
    all.push(...results)
    if (!json) printColoured(linesOfFolder(one.label, results))
  }
  const counts = { fixtures: all.length, same: 0, written: 0, different: 0, missing: 0, orphan: 0, failed: 0 }
  for (const { result } of all) counts[result] += 1
  const isPassed = all.every(isGood)
  if (json) printJson({ fixtures: all, counts })
  else if (isPassed) printColoured([summaryOf(counts)])
  if (!isPassed) throw new RelayError('invalid', summaryOf(counts))
}

/** With `source`, that source of the configuration takes the place of what folders say. */
function settingsOf({ source: name, config: file, mappers, env }: TestOptions): {
  readonly settings: FixtureSettings | undefined
  readonly userDir: string | undefined
} {
  if (name === undefined) return { settings: undefined, userDir: mappers ?? ownMappersDir(file, env) }
  const { config } = loadConfig(findConfigFile(file, env), env, forMapping)
  const source = Object.hasOwn(config.sources, name) ? config.sources[name] : undefined
  if (!source) throw new RelayError('not_found', describeUnknown('source', name, Object.keys(config.sources)))
  const { mapper, vars, models, html, verify, destination } = source
  const target = config.destinations[[destination].flat()[0] ?? '']
  const settings = {
    ...{ mapper, vars, models, html, verify },
    site_domain: target?.site_domain ?? 'example.com',
    aliases: target?.aliases ?? [],
    default_language: target?.default_language ?? 'en',
  }
  return { settings, userDir: mappers ?? config.mappers_dir }
}

type Format = Parameters<typeof styleText>[0]

function style(format: Format, text: string): string {
  return styleText(format, escapeText(text), { stream: process.stdout })
}

/** A line for a folder, and more for each fixture that is not as it should be. */
function linesOfFolder(label: string, results: readonly FixtureResult[]): readonly string[] {
  const bad = results.filter((one) => !isGood(one))
  const mark = bad.length === 0 ? style('green', 'ok') : style('red', 'not ok')
  const written = results.filter(({ result }) => result === 'written').length
  const more = written > 0 ? `, ${written} written` : ''
  const head = `${mark}  ${style('bold', label)}  ${results.length - bad.length} of ${results.length}${more}`
  return [head, ...bad.flatMap(linesOf)]
}

/** Of a long list of differences the first tell enough. */
const shown = 20

function linesOf(one: FixtureResult): readonly string[] {
  const name = `  ${style('red', one.fixture)}`
  if ('problem' in one) return [`${name}: ${escapeText(one.problem)}`]
  if (one.result !== 'different') return []
  const lines = one.differences
    .slice(0, shown)
    .flatMap(({ path, before, after }) => [
      `    ${style('cyan', path || '(all)')}`,
      ...(before === undefined ? [] : [`      ${style('red', `- ${shortText(before)}`)}`]),
      ...(after === undefined ? [] : [`      ${style('green', `+ ${shortText(after)}`)}`]),
    ])
  const rest = one.differences.length - shown
  return [name, ...lines, ...(rest > 0 ? [`    … and ${rest} more`] : [])]
}

function summaryOf(counts: Readonly<Record<string, number>>): string {
  const { fixtures = 0, ...results } = counts
  const told = Object.entries(results).filter(([, count]) => count > 0)
  const words = told.map(([result, count]) => `${count} ${wordOf[result]}`).join(', ')
  return `${fixtures} ${fixtures === 1 ? 'fixture' : 'fixtures'}: ${words}`
}

const wordOf: Readonly<Record<string, string>> = {
  same: 'as expected',
  written: 'written',
  different: 'different',
  missing: 'without an expectation',
  orphan: 'expected without a fixture',
  failed: 'failed',
}
