import { findConfigFile } from '../../config/load.ts'
import { RelayError } from '../../domain/errors.ts'
import type { ReloadResult } from '../../registry/reload.ts'
import { isSandboxMode } from '../../sandbox/mode.ts'
import type { CommandOptions } from '../shared/options.ts'
import { findAccess } from '../shared/relay-access.ts'
import { print } from '../shared/report.ts'
import { openRunningRelay } from '../shared/running-relay.ts'
import { table } from '../shared/table.ts'

interface ReloadCommandOptions extends CommandOptions {
  readonly url?: string
  readonly token?: string
  readonly dryRun: boolean
  readonly yes: boolean
}

/** Asks a running relay to read its configuration anew. Throws RelayError `invalid` if it has mistakes: then nothing was changed. */
export async function reload(options: ReloadCommandOptions): Promise<void> {
  const { url, token, dryRun, yes, json, env } = options
  // An address or a token means a relay that runs elsewhere, or with another configuration.
  const isHere = url === undefined && token === undefined
  if (isHere && isSandboxMode(findConfigFile(options.config, env), env)) {
    throw new RelayError('invalid', 'sandbox mode has no configuration to read again: `cms-relay init` writes one')
  }
  await using relay = await openRunningRelay(await findAccess(options))
  const result = (await relay.post('/reload', { dry_run: dryRun, yes })) as ReloadResult
  const { issues } = result
  if (issues.length > 0) {
    throw new RelayError('invalid', 'the configuration has mistakes, so nothing was changed', { details: { issues } })
  }
  print(result, { json, text: () => textOf(result, dryRun) })
}

function textOf({ applied, plan, needs_restart: needsRestart, warnings }: ReloadResult, isDryRun: boolean): string {
  const changes = plan.filter(({ act }) => act !== 'keep')
  const kept = plan.length - changes.length
  return [
    ...(changes.length > 0 ? [table(changes.map(({ act, unit, name, why }) => [act, unit, name, why]))] : []),
    `${changes.length === 0 ? 'nothing has changed' : isDryRun ? 'nothing is done yet' : applied ? 'in force' : 'not done'}; ${kept} kept`,
    ...needsRestart.map((name) => `${name} has changed: it counts from the next start on`),
    ...warnings,
  ].join('\n')
}
