import type { Logger } from 'pino'
import type { Emit, Signal } from '../domain/signal.ts'
import type { Metrics } from './metrics.ts'
import { fieldsOf } from './signal-fields.ts'
import type { TerminalLog } from './terminal/terminal-log.ts'

/** One wide log line and the metrics for everything that happens. `terminal` tells people instead of the log, if there is one. */
export function createObserver(
  log: Logger,
  metrics: Metrics,
  terminal: () => Pick<TerminalLog, 'tell'> | null = () => null,
): Emit {
  // Signals are flat and hold no secrets, and what they quote is masked in the finished line. To look for telling field
  // names in each would cost more than all else of the line.
  // The level is that of `log`, which a reload may change.
  const lines = log.child({}, { redact: [], level: 'trace' })

  return (signal) => {
    metrics.observe(signal)
    const people = terminal()
    if (people) return people.tell(signal)
    const level = levelOf(signal)
    if (log.isLevelEnabled(level)) lines[level](lineOf(signal), signal.kind)
  }
}

function levelOf(signal: Signal): 'debug' | 'info' | 'warn' | 'error' {
  switch (signal.kind) {
    case 'webhook.received':
      return signal.duplicate ? 'info' : 'debug' // its wide line is written once it is mapped
    case 'item.delivered':
      return 'debug' // the call that delivered them has a line
    case 'webhook.refused':
    case 'webhook.rate_limited':
    case 'admin.refused':
    case 'notification.dropped':
    case 'source.silent':
    case 'item.dead':
    case 'item.version_ahead':
    case 'item.removal_stale':
    case 'destination.clock_skew':
    case 'clock.stepped_back':
    case 'store.log_grows':
    case 'destination.retargeted':
    case 'destination.unconfigured':
    case 'source.unconfigured':
      return 'warn'
    case 'webhook.answered':
      return signal.note === undefined ? 'info' : 'warn'
    case 'event.mapped':
      return signal.status === 'failed' ? 'warn' : 'info'
    case 'notification.attempted':
      return signal.outcome === 'sent' ? 'debug' : 'warn'
    case 'event.fetched':
      return signal.error === null ? 'info' : 'warn'
    case 'batch.attempted':
      return signal.outcome === 'settled' ? 'info' : 'warn'
    case 'destination.tested':
      return signal.result === 'accepted' ? 'info' : 'warn'
    case 'destination.changed':
      return signal.state === 'closed' ? 'info' : 'error'
    case 'config.reloaded':
      return signal.warnings.length > 0 ? 'warn' : 'info'
    case 'config.refused':
    case 'step.failed':
    case 'store.lost':
      return 'error'
    default:
      return 'info'
  }
}

function lineOf(signal: Signal): Record<string, unknown> {
  // As the lines of requests have it.
  if (signal.kind === 'admin.done' || signal.kind === 'admin.refused') {
    const { request_id: requestId, ...fields } = fieldsOf(signal)
    return { ...fields, requestId }
  }
  return signal.kind === 'step.failed' ? { ...fieldsOf(signal), stack: stackOf(signal.error) } : fieldsOf(signal)
}

/** Where a bug is; an expected failure says enough by its message. */
function stackOf(error: unknown): string | undefined {
  return error instanceof Error && error.name !== 'RelayError' ? error.stack : undefined
}
