import type { Config } from '../../config/schema.ts'
import { UsageError } from './failure.ts'

/** Where a relay with this configuration takes webhooks, as it is reached from its own machine. */
export function publicOrigin({ host, port }: Config['server']): string {
  return originOf({ host, port })
}

/** Where it answers operators. */
export function operatorOrigin({ host, port, admin }: Config['server']): string {
  return originOf(admin ?? { host, port })
}

function originOf({ host, port }: { readonly host: string; readonly port: number }): string {
  if (port === 0) throw new UsageError('the relay takes a free port: say where it listens, with --url')
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
