import { createSandbox } from '../ingest/sandbox.ts'
import { createLog } from '../log.ts'
import { sandboxIdentity } from '../sandbox-mode.ts'
import { stopSignal } from '../stop-signal.ts'

export interface SandboxCommandOptions {
  readonly port: number
  readonly token?: string
  readonly websiteId?: string
  readonly siteDomain?: string
  readonly state?: string
}

/** Runs the sandbox ingest API until it is stopped. */
export async function runSandbox(options: SandboxCommandOptions): Promise<void> {
  const { port, token = sandboxIdentity.token, websiteId = sandboxIdentity.websiteId } = options
  const { siteDomain = sandboxIdentity.siteDomain, state = ':memory:' } = options
  const log = createLog({ level: 'info', secrets: [token, token.slice(token.indexOf('.') + 1)] })
  const sandbox = createSandbox({ token, websiteId, siteDomain, state, log })
  const origin = await sandbox.app.listen({ host: '127.0.0.1', port })
  process.stdout.write(
    `sandbox ingest API: base_url ${origin}/v1/ingest, website_id ${websiteId}, site_domain ${siteDomain}\n` +
      `what has arrived: ${origin}/items, every call and its verdict: ${origin}/calls\n`,
  )
  await stopSignal()
  await sandbox.close()
}
