import { sandboxIdentity } from '../../config/sandbox-identity.ts'
import { createLiveMask } from '../../observe/log.ts'
import { openLog } from '../../observe/open-log.ts'
import { stopSignal } from '../../process/stop-signal.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { print } from '../shared/report.ts'

export interface SandboxCommandOptions {
  readonly port: number
  readonly token?: string
  readonly websiteId?: string
  readonly siteDomain?: string
  readonly alias: readonly string[]
  readonly state?: string
}

/** Runs the sandbox ingest API until it is stopped. */
export async function runSandbox(options: SandboxCommandOptions): Promise<void> {
  const { port, token = sandboxIdentity.token, websiteId = sandboxIdentity.websiteId } = options
  const { siteDomain = sandboxIdentity.siteDomain, state = ':memory:' } = options
  const secrets = createLiveMask([token, token.slice(token.indexOf('.') + 1)])
  const log = await openLog({ level: 'info', format: 'auto' }, secrets)
  const sandbox = createSandbox({ token, websiteId, siteDomain, aliases: options.alias, state, log: log.logger })
  const origin = await sandbox.app.listen({ host: '127.0.0.1', port })
  const lines = [
    `sandbox ingest API: base_url ${origin}/v1/ingest, website_id ${websiteId}, site_domain ${siteDomain}`,
    `what has arrived: ${origin}/items, every call and its verdict: ${origin}/calls`,
  ]
  print(null, { json: false, text: () => lines })
  await stopSignal({ isOfTerminal: true })
  await sandbox.close()
  await log.end(1_000)
}
