import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { findConfigFile, type LoadedConfig, loadConfig, readConfig } from '../config/load.ts'
import { sandboxIdentity } from '../config/sandbox-identity.ts'
import type { Config } from '../config/schema.ts'
import type { Uses } from '../config/stand-ins.ts'
import type { Environment } from '../config/substitute.ts'
import { RelayError } from '../domain/errors.ts'
import { loadWholeConfig } from '../wiring/sources.ts'

/** Files of the sandbox alone. It never opens those of a configured relay, nor does a configured relay open these. */
const sandboxStore = 'sqlite:./data/sandbox/relay.db'
export const sandboxIngestState = './data/sandbox/ingest.db'

/**
 * Whether nothing is configured, so that sandbox mode is meant. Throws RelayError `invalid` if the environment says that this is
 * no place for it: a configuration that was lost must not look like a relay that works.
 */
export function isSandboxMode(file: string | null, env: Environment): boolean {
  if (file !== null || env['BAINQUET_CONNECTOR_TOKEN']) return false
  const lost = 'nothing is configured: there is no relay.yaml here, --config and RELAY_CONFIG name no file'
  if (env['NODE_ENV'] === 'production') {
    throw new RelayError('invalid', `${lost}. With NODE_ENV=production there is no sandbox mode`)
  }
  if (env['RELAY_STORE']) {
    throw new RelayError(
      'invalid',
      `${lost}. Sandbox mode has files of its own: unset RELAY_STORE, or name a configuration`,
    )
  }
  return true
}

/**
 * The configuration that a command works with: a file's, or that of the sandbox if nothing is configured. With `uses`, as `loadConfig`
 * has it.
 */
export async function loadConfigOrSandbox(
  flag: string | undefined,
  env: Environment,
  uses?: Uses,
): Promise<LoadedConfig> {
  const file = findConfigFile(flag, env)
  // A store that is named is meant.
  if (env['RELAY_STORE'] || !isSandboxMode(file, env)) {
    return uses ? loadConfig(file, env, uses) : loadWholeConfig(file, env)
  }
  const { port } = sandboxConfig(env, 'http://127.0.0.1/').server
  return { config: sandboxConfig(env, `http://127.0.0.1:${ingestPort(port)}/v1/ingest`), file }
}

/** Where the sandbox's ingest API is if the port is free: behind that of the relay. 0 is any. */
export function ingestPort(port: number): number {
  return port === 0 || port === 65535 ? 0 : port + 1
}

/** What `npm start` runs with when nothing is configured: everything on loopback, an ingest API to send to included. */
export function sandboxConfig(env: Environment, ingestUrl: string): Config {
  const origin = `https://${sandboxIdentity.siteDomain}`
  return readConfig(
    {
      store: sandboxStore,
      server: { host: '127.0.0.1', admin_token: randomBytes(24).toString('base64url') },
      destinations: {
        sandbox: {
          token: sandboxIdentity.token,
          website_id: sandboxIdentity.websiteId,
          site_domain: sandboxIdentity.siteDomain,
          base_url: ingestUrl,
          default_language: 'en',
          delivery: { debounce: '200ms', max_wait: '2s' },
        },
      },
      sources: {
        demo: { mapper: 'generic', destination: 'sandbox', verify: 'none', vars: { origin } },
        shop: {
          mapper: 'shopify',
          destination: 'sandbox',
          secret: 'sandbox-secret',
          vars: { origin, currency: 'USD' },
        },
      },
    },
    env,
  )
}

/** Listens on the port, or on any free one if it is taken. Answers the origin. */
export async function listenOnLoopback(app: FastifyInstance, port: number): Promise<string> {
  try {
    return await app.listen({ host: '127.0.0.1', port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return app.listen({ host: '127.0.0.1', port: 0 })
  }
}
