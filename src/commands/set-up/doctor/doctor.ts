import { ConfigError } from '../../../config/origins.ts'
import type { Config } from '../../../config/schema.ts'
import { RelayError } from '../../../domain/errors.ts'
import { issueText } from '../../../mistakes/issue.ts'
import { loadConfigOrSandbox } from '../../../sandbox/mode.ts'
import type { Source } from '../../../stages/source.ts'
import { filesOfStore } from '../../../store/open.ts'
import { composeParts } from '../../../wiring/desired.ts'
import { warningsOfMappers } from '../../../wiring/mapper-warnings.ts'
import { warningsOf } from '../../../wiring/warnings.ts'
import type { CommandOptions } from '../../shared/options.ts'
import { publicOrigin } from '../../shared/relay-address.ts'
import { printColoured, printJson } from '../../shared/report.ts'
import { checkCmsApi } from './cms-api.ts'
import { checkDestination } from './destination.ts'
import { type Check, type Diagnosis, diagnosing } from './diagnosis.ts'
import { checkDisk, checkSync } from './disk.ts'
import { checkFiles } from './files.ts'
import { checkPublicUrl, checkRelay } from './listeners.ts'
import { checkOpenFiles, checkVersions } from './machine.ts'
import { describeDiagnoses } from './report.ts'
import { runChecks } from './run-checks.ts'
import { checkStore } from './store.ts'

/** For each check: none can hold up the others. */
const limitMs = 15_000

const configuration = diagnosing('configuration')

/**
 * Looks at all that a relay with this configuration needs, beside a running one and without one, and changes nothing. Exit code 1 if
 * something is wrong.
 */
export async function doctor(options: CommandOptions): Promise<void> {
  const { json } = options
  const machine = [checkVersions(process.versions), checkOpenFiles()]
  const { found, checks } = await configured(options)
  const all = [...found, ...(await runChecks([...checks, ...machine], limitMs))]
  const bad = all.filter(({ verdict }) => verdict === 'bad').length
  const warnings = all.filter(({ verdict }) => verdict === 'warning').length
  const report = { good: all.length - bad - warnings, warnings, bad, checks: all }
  if (json) printJson(report)
  else printColoured(describeDiagnoses(all, process.stdout))
  if (bad > 0) throw new RelayError('invalid', `${bad} of ${all.length} checks ${bad === 1 ? 'has' : 'have'} failed`)
}

interface Configured {
  readonly found: readonly Diagnosis[]
  readonly checks: readonly Check[]
}

/** What is to be looked at by the configuration; nothing more than its mistakes if it has some. */
async function configured({ config: flag, env }: CommandOptions): Promise<Configured> {
  try {
    const { config, file } = await loadConfigOrSandbox(flag, env)
    const { sources, mappers } = await composeParts(config)
    // The secrets of the sandbox are known to everybody, and it listens on loopback.
    const warnings =
      file === null && config.destinations['sandbox']
        ? []
        : [...warningsOf(config), ...warningsOfMappers(config, mappers)]
    const found = [
      configuration.good(`${file ?? 'nothing is configured: sandbox mode'}: valid`),
      ...warnings.map((text) => configuration.warning(text, null)),
    ]
    return { found, checks: checksOf(config, file, sources) }
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const issues = error instanceof ConfigError ? error.issues : []
    const mistakes = issues.map((issue) => configuration.bad(issueText(issue), null))
    return { found: mistakes.length > 0 ? mistakes : [configuration.bad(error.message, null)], checks: [] }
  }
}

function checksOf(config: Config, file: string | null, sources: ReadonlyMap<string, Source>): readonly Check[] {
  const { server, store, destinations } = config
  const files = filesOfStore(store)
  return [
    ...(file === null ? [] : [checkFiles(file, config)]),
    ...Object.entries(destinations).map(([name, settings]) => checkDestination(name, settings, Date.now)),
    ...[...sources.values()].flatMap((source) => checkCmsApi(source) ?? []),
    ...(server.port === 0 ? [] : [checkRelay(publicOrigin(server))]),
    ...(file === null ? [] : [checkPublicUrl(server.public_url)]),
    checkStore(store),
    ...(files === null ? [] : [checkDisk(files.folder), checkSync(files.folder)]),
  ]
}
