import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createApps } from './app.ts'
import { watchConfigFiles } from './config/files.ts'
import { findConfigFile } from './config/load.ts'
import { sandboxIdentity } from './config/sandbox-identity.ts'
import type { Config } from './config/schema.ts'
import { secretsOf } from './config/secrets.ts'
import type { Environment } from './config/substitute.ts'
import { messageOf, stackOf } from './domain/errors.ts'
import { checkProxies } from './http-client/pool.ts'
import { summaryOf } from './observe/config-summary.ts'
import { createLiveMask, type LiveMask } from './observe/log.ts'
import { createPaint, terminalWidth } from './observe/log-format.ts'
import { createObserver } from './observe/observer.ts'
import { type Log, openLog } from './observe/open-log.ts'
import { surroundingsOf } from './observe/terminal/surroundings.ts'
import { spareMemory } from './process/spare-memory.ts'
import { stopSignal } from './process/stop-signal.ts'
import { openRelay, type Relay } from './relay.ts'
import { ingestPort, isSandboxMode, listenOnLoopback, sandboxConfig, sandboxIngestState } from './sandbox/mode.ts'
import { findUnconfigured, warningsOfUnconfigured } from './stages/upkeep/unconfigured.ts'
import { hasWalResetBug } from './store/sqlite/wal-reset.ts'
import { warningsOfMappers } from './wiring/mapper-warnings.ts'
import { loadWholeConfig } from './wiring/sources.ts'
import { warningsOf } from './wiring/warnings.ts'

export interface ServeOptions {
  readonly configFile: string | undefined
  readonly env: Environment
  /** Reload when a file changes that the configuration is read from. */
  readonly watch?: boolean
}

/** Runs the relay until a signal ends it. Resolves once everything is closed. */
export async function serve({ configFile, env, watch = false }: ServeOptions): Promise<void> {
  const file = findConfigFile(configFile, env)
  if (isSandboxMode(file, env)) return serveSandbox(env)
  const load = async () => (await loadWholeConfig(file, env)).config
  const config = await load()
  checkProxies(env)
  const secrets = createLiveMask(secretsOf(config))
  const log = await openLog(config.log, secrets)
  // The summary holds no secret; `token: set` is to be read as it stands.
  log.logger.child({}, { redact: [] }).info({ file, ...summaryOf(config) }, 'config.loaded')
  await run({
    ...{ config, load, log, secrets },
    watched: watch ? file : null,
    onListening: (origins, relay) => greet(file, origins, relay, log),
  })
}

/** People get all in one piece; a log has a line for each warning. */
async function greet(file: string | null, origins: Origins, relay: Relay, log: Log): Promise<void> {
  const { config, mappers, store } = relay
  const warnings = [...warningsOf(config), ...warningsOfMappers(config, mappers)]
  if (!log.terminal()) return logWarnings(warnings, log)
  if (config.log.level === 'silent') return
  const { bannerOf } = await import('./observe/banner.ts')
  const inStore = warningsOfUnconfigured(await findUnconfigured(store, config))
  const look = { width: terminalWidth(), paint: createPaint() }
  log.write(bannerOf({ config, file, ...origins, warnings: [...warnings, ...inStore], ...look }))
}

function logWarnings(warnings: readonly string[], { logger }: Log): void {
  for (const warning of warnings) logger.warn({ warning }, 'config.warning')
}

async function serveSandbox(env: Environment): Promise<void> {
  await using stack = new AsyncDisposableStack()
  // What the environment gets wrong is told before anything is opened.
  const { port } = sandboxConfig(env, 'http://127.0.0.1/').server
  const { createSandbox } = await import('./sandbox/sandbox.ts')
  const sandbox = createSandbox({ ...sandboxIdentity, state: sandboxIngestState })
  stack.defer(() => sandbox.close())
  const wanted = ingestPort(port)
  const ingest = await listenOnLoopback(sandbox.app, wanted)
  const config = sandboxConfig(env, `${ingest}/v1/ingest`)
  const secrets = createLiveMask(secretsOf(config))
  const log = await openLog(config.log, secrets)
  const { sandboxBanner } = await import('./sandbox/banner.ts')
  await run({
    ...{ config, log, secrets },
    isSandbox: true,
    onListening: ({ origin }) => log.write(sandboxBanner(origin, ingest, wanted, config)),
  })
}

interface RunOptions {
  readonly config: Config
  readonly load?: () => Promise<Config>
  /** The file that is watched; null for none. */
  readonly watched?: string | null
  readonly log: Log
  readonly secrets: LiveMask
  readonly isSandbox?: boolean
  readonly onListening: (origins: Origins, relay: Relay) => Promise<void> | void
}

interface Origins {
  readonly origin: string
  readonly adminOrigin: string | null
}

async function run(options: RunOptions): Promise<void> {
  const { config, load, watched = null, log, secrets, isSandbox = false, onListening } = options
  const { logger } = log
  let onHangup = () => {}
  let watching: NodeJS.Timeout | undefined
  const stopping = stopSignal({
    ...(isSandbox && { isOfTerminal: true }),
    onHangup: () => onHangup(),
  })
  const failing = survive(logger)
  const { sqlite = '' } = process.versions
  if (hasWalResetBug(sqlite))
    logger.warn({ sqlite, node: process.version, advice: 'update Node 24' }, 'store.sqlite_outdated')
  const relay = await openRelay({
    config,
    ...(load && { load }),
    secrets,
    async onConfig(next, mappers) {
      await log.take(next.log)
      logWarnings([...warningsOf(next), ...warningsOfMappers(next, mappers)], log)
    },
    observe: (metrics) => createObserver(logger, metrics, log.terminal),
    linesDropped: log.dropped,
  })
  log.look(surroundingsOf(relay))
  const apps: FastifyInstance[] = []
  try {
    apps.push(...(await createApps(relay, logger)))
    const { origin, adminOrigin } = await listen(apps, config)
    relay.start()
    spareMemory()
    logger.info({ origin, ...(adminOrigin && { adminOrigin }), ...countsOf(relay) }, 'relay.listening')
    await onListening({ origin, adminOrigin }, relay)
    onHangup = () => reload(relay, logger)
    if (watched !== null) watching = watchFiles(watched, relay, () => reload(relay, logger))
  } catch (error) {
    await Promise.all(apps.map((app) => app.close()))
    await relay.close()
    throw error
  }
  const signal = await Promise.race([stopping, failing])
  clearInterval(watching)
  logger.info({ signal }, 'relay.stopping')
  await stop(apps, relay, relay.config.server.shutdown_grace, logger)
  logger.info('relay.stopped')
  await log.end(logEndMs)
}

/** How often files are looked at; a change is in force after two or three looks. */
const lookEveryMs = 500

function watchFiles(file: string, relay: Relay, onChange: () => void): NodeJS.Timeout {
  const files = watchConfigFiles(file, () => relay.config.mappers_dir)
  return setInterval(() => files.look() && onChange(), lookEveryMs).unref()
}

/** What came of it is told as a signal. */
function reload(relay: Relay, log: Logger): void {
  relay
    .reload()
    .catch((error: unknown) => log.error({ error: messageOf(error), stack: stackOf(error) }, 'reload.failed'))
}

/** The public listener, and that for operators if it has one of its own. */
async function listen([open, operators]: readonly FastifyInstance[], { server }: Config) {
  const { host, port, admin } = server
  // First the one that nobody sends webhooks to: a port that is taken must not cost any.
  const adminOrigin = operators && admin ? await operators.listen({ ...admin }) : null
  return { origin: await open!.listen({ host, port }), adminOrigin }
}

/** How long a stop waits for a reader of the log. */
const logEndMs = 1_000

/**
 * A promise that code of a user's module has rejected and nobody awaited is an error in the log and no more. After an exception
 * that nobody caught nothing is sure: resolves, so that the relay stops in order, and the exit code is 1.
 */
function survive(log: Logger): Promise<string> {
  process.on('unhandledRejection', (reason) => {
    log.error({ error: messageOf(reason), stack: stackOf(reason) }, 'promise.rejected')
  })
  return new Promise((resolve) => {
    process.on('uncaughtException', (error) => {
      log.fatal({ error: messageOf(error), stack: stackOf(error) }, 'exception.uncaught')
      process.exitCode = 1
      resolve('an exception that nobody caught')
    })
  })
}

/** Stop accepting, finish what is under way, close in reverse; nothing may take longer than the grace period. */
async function stop(apps: readonly FastifyInstance[], relay: Relay, graceMs: number, log: Logger): Promise<void> {
  const end = performance.now() + graceMs
  const deadline = setTimeout(() => {
    for (const app of apps) app.server.closeAllConnections()
  }, graceMs)
  try {
    await Promise.all(apps.map((app) => app.close()))
  } catch (error) {
    log.error({ error: messageOf(error) }, 'relay.close_failed')
  }
  clearTimeout(deadline)
  await relay.close(Math.max(0, end - performance.now()))
}

function countsOf({ sources, destinations, mappers }: Relay): Record<string, number> {
  return { sources: sources.size, destinations: destinations.size, mappers: mappers.names.length }
}
