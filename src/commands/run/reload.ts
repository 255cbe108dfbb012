import { findConfigFile, loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import type { ReloadResult } from '../../registry/reload.ts'
import { isSandboxMode } from '../../sandbox/mode.ts'
import { UsageError } from '../shared/failure.ts'
import type { CommandOptions } from '../shared/options.ts'
import { operatorOrigin } from '../shared/relay-address.ts'
import { print } from '../shared/report.ts'
import { table } from '../shared/table.ts'
import { ofServer } from '../shared/uses.ts'

interface ReloadCommandOptions extends CommandOptions {
  readonly url?: string
  readonly token?: string
  readonly dryRun: boolean
  readonly yes: boolean
}

/** Asks a running relay to read its configuration anew. Throws RelayError `invalid` if it has mistakes: then nothing was changed. */
export async function reload(options: ReloadCommandOptions): Promise<void> {
  const { url, token, dryRun, yes, json } = options
  const file = findConfigFile(options.config, options.env)
  if (token === undefined && isSandboxMode(file, options.env)) {
    throw new RelayError('invalid', 'sandbox mode has no configuration to read again: `cms-relay init` writes one')
  }
  const { server } = url && token ? {} : loadConfig(file, options.env, ofServer).config
  const result = await ask(url ?? operatorOrigin(server!), token ?? tokenOf(server!), { dry_run: dryRun, yes })
  const { issues } = result
  if (issues.length > 0) {
    throw new RelayError('invalid', 'the configuration has mistakes, so nothing was changed', { details: { issues } })
  }
  print(result, { json, text: () => textOf(result, dryRun) })
}

function tokenOf({ admin_token: token }: Config['server']): string {
  if (token) return token
  throw new UsageError('no server.admin_token is configured: send the process SIGHUP instead, or give --token')
}

async function ask(origin: string, token: string, body: object): Promise<ReloadResult> {
  const answer = await fetch(new URL('/api/v1/reload', origin), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw new RelayError('unavailable', `no relay answers at ${origin}`, { cause })
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text).data
  const hint = answer.status === 401 ? '; if the token itself has changed, send the process SIGHUP' : ''
  throw new RelayError('unavailable', `the relay at ${origin} answers ${answer.status}: ${errorIn(text)}${hint}`)
}

function errorIn(text: string): string {
  try {
    return JSON.parse(text).error.message
  } catch (error) {
    return messageOf(error)
  }
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
