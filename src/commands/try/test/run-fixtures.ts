import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sourceSchema } from '../../../config/schema.ts'
import { messageOf, RelayError } from '../../../domain/errors.ts'
import { describeUnknown } from '../../../domain/unknown-name.ts'
import { type Difference, jsonDiff } from '../../../json/diff.ts'
import { bindMapper, type Definition } from '../../../mapping/library/bind.ts'
import type { MapperLibrary } from '../../../mapping/library/load.ts'
import type { Mapper } from '../../../mapping/mapper.ts'
import { deliveryOf } from '../../../stages/operate/preview-webhook.ts'
import { parseFixture } from '../fixture.ts'
import { provenOf } from '../proven.ts'
import { type FixtureFolder, type FixtureSettings, filesOf } from './fixture-folder.ts'
import { outcomeOfFixture } from './outcome.ts'

export type FixtureResult = {
  /** Folder and name, without the end of the file. */
  readonly fixture: string
  readonly mapper: string | null
} & (
  | { readonly result: 'same' | 'written' }
  | { readonly result: 'different'; readonly differences: readonly Difference[] }
  | { readonly result: 'missing' | 'orphan' | 'failed'; readonly problem: string }
)

interface RunOptions {
  readonly library: MapperLibrary
  /** For every fixture, whatever it says. */
  readonly mapper?: string | undefined
  /** Writes what comes out as what is expected. */
  readonly update: boolean
  /** In place of what `source.yaml` says. */
  readonly settings?: FixtureSettings | undefined
}

/** The time that a sender would have signed, if a fixture does not say it: a fixture comes to the same each day. */
const signedAt = Date.parse('2026-01-01T00:00:00Z')

/** Maps the fixtures of a folder, and compares what comes out with what is expected. */
export async function runFixtures(folder: FixtureFolder, options: RunOptions): Promise<readonly FixtureResult[]> {
  const results: FixtureResult[] = []
  const bound = createBound(options.settings ?? folder.settings, options.library)
  for (const name of folder.fixtures) results.push(await runFixture(folder, name, { ...options, bound }))
  for (const name of folder.orphans) {
    const problem = `there is no ${name}.json: delete ${name}.expected.json, or bring the fixture back`
    results.push({ fixture: join(folder.label, name), mapper: null, result: 'orphan', problem })
  }
  return results
}

type Bound = ReturnType<typeof createBound>

async function runFixture(
  folder: FixtureFolder,
  name: string,
  options: RunOptions & { readonly bound: Bound },
): Promise<FixtureResult> {
  const files = filesOf(folder.path, name)
  const head = { fixture: join(folder.label, name), mapper: null as string | null }
  try {
    const given = parseFixture(readFileSync(files.fixture, 'utf8'), `${name}.json`)
    const settings = options.settings ?? folder.settings
    head.mapper = options.mapper ?? given.mapper ?? settings.mapper ?? folder.name
    const outcome = await outcomeOf(given, settings, options.bound(head.mapper))
    const text = `${JSON.stringify(outcome, null, 2)}\n`
    if (!existsSync(files.expected) && !options.update) {
      return { ...head, result: 'missing', problem: `there is no ${name}.expected.json: --update writes it` }
    }
    const expected = existsSync(files.expected) ? readExpected(files.expected) : undefined
    const differences = jsonDiff(expected, outcome)
    if (differences.length === 0) return { ...head, result: 'same' }
    if (!options.update) return { ...head, result: 'different', differences }
    writeFileSync(files.expected, text)
    return { ...head, result: 'written' }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    return { ...head, result: 'failed', problem: messageOf(error) }
  }
}

function readExpected(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new RelayError('invalid', `${file} is not JSON`, { cause: error })
  }
}

/** Mappers with the settings of a folder: each is compiled once. */
function createBound({ vars, models, html }: FixtureSettings, library: MapperLibrary) {
  const known = new Map<string, { readonly definition: Definition; readonly mapper: Mapper }>()
  return function bound(name: string) {
    const before = known.get(name)
    if (before) return before
    const definition = library.get(name)
    if (!definition) {
      const cure = 'the folder of a fixture has the name of its mapper, or source.yaml or --mapper names it'
      throw new RelayError('not_found', `${describeUnknown('mapper', name, library.names)}; ${cure}`)
    }
    const made = { definition, mapper: bindMapper(definition, { source: name, vars, models, html }) }
    known.set(name, made)
    return made
  }
}

async function outcomeOf(
  given: ReturnType<typeof parseFixture>,
  settings: FixtureSettings,
  { definition, mapper }: ReturnType<Bound>,
): Promise<unknown> {
  const { verify, site_domain: siteDomain, aliases, default_language: defaultLanguage } = settings
  const delivery = deliveryOf(given, mapper.name)
  const source = verify && sourceSchema.parse({ mapper: mapper.name, destination: 'main', verify })
  const proof = provenOf({ source, definition, delivery, now: signedAt })
  const rules = { siteDomain, aliases, defaultLanguage }
  return outcomeOfFixture({ mapper, delivery, fetched: given.fetched, rules, proof })
}

/** Whether it is as it should be. */
export function isGood({ result }: FixtureResult): boolean {
  return result === 'same' || result === 'written'
}
