import type { LoadedConfig } from '../../config/load.ts'
import type { Environment } from '../../config/substitute.ts'
import { loadConfigOrSandbox } from '../../sandbox/mode.ts'
import { UsageError } from './failure.ts'
import { operatorOrigin } from './relay-address.ts'
import { ofServer } from './uses.ts'

/** Where a running relay answers operators, and what it is asked with. */
export interface RelayAccess {
  /** Without a slash at its end. A path is that of a proxy in front. */
  readonly url: string
  readonly token: string
  /** Names the proxies. */
  readonly env: Environment
}

export interface AccessOptions {
  readonly url?: string
  readonly token?: string
  readonly config?: string
  readonly env: Environment
}

/**
 * The access that flags, environment and configuration give; the latter is read only if something is missing. Throws UsageError if
 * no token is known.
 */
export async function findAccess(options: AccessOptions): Promise<RelayAccess> {
  const { url, env } = options
  const token = givenToken(options)
  if (url !== undefined && token !== undefined) return { url, token, env }
  const loaded = await loadConfigOrSandbox(options.config, env, ofServer)
  const access = accessIn(loaded, options)
  if (access !== null) return access
  throw new UsageError(
    loaded.file === null && !env['BAINQUET_CONNECTOR_TOKEN']
      ? 'sandbox mode makes its token up, and prints it at start: give it with --token'
      : 'no server.admin_token is configured: set one and send the process SIGHUP, or give --token',
  )
}

/** As `findAccess`, for a configuration that is loaded already. Null if no token is known: the one of a sandbox is made up at each start. */
export function accessIn({ config, file }: LoadedConfig, options: AccessOptions): RelayAccess | null {
  const token = givenToken(options) ?? (file === null ? undefined : config.server.admin_token)
  return token ? { url: options.url ?? operatorOrigin(config.server), token, env: options.env } : null
}

function givenToken({ token, env }: AccessOptions): string | undefined {
  return token ?? (env['RELAY_ADMIN_TOKEN'] || undefined)
}
