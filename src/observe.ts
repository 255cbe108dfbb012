import type { Logger } from 'pino'
import { messageOf } from './domain/errors.ts'
import type { Emit, Signal } from './domain/signal.ts'
import type { Metrics } from './plugins/metrics.ts'
import { snakeCase } from './plugins/present.ts'

/** One wide log line and the metrics for everything that happens. */
export function createObserver(log: Logger, metrics: Metrics): Emit {
  // Signals are flat and hold no secrets, and what they quote is masked in the finished line. To look for telling field
  // names in each would cost more than all else of the line.
  const lines = log.child({}, { redact: [] })
  const names = new Map<string, string>() // as logs have them: a few dozen, worked out once

  function named(fields: Record<string, unknown>): Record<string, unknown> {
    const line: Record<string, unknown> = {}
    for (const field of Object.keys(fields)) {
      const name = names.get(field) ?? Object.keys(snakeCase({ [field]: null }))[0]!
      names.set(field, name)
      line[name] = fields[field]
    }
    return line
  }

  return (signal) => {
    metrics.observe(signal)
    const level = levelOf(signal)
    if (lines.isLevelEnabled(level)) lines[level](named(fieldsOf(signal)), signal.kind)
  }
}

function levelOf(signal: Signal): 'debug' | 'info' | 'warn' | 'error' {
  switch (signal.kind) {
    case 'webhook.received':
      return signal.duplicate ? 'info' : 'debug' // its wide line is written once it is mapped
    case 'item.delivered':
      return 'debug' // the call that delivered them has a line
    case 'webhook.refused':
    case 'source.silent':
    case 'item.dead':
    case 'destination.clock_skew':
      return 'warn'
    case 'webhook.answered':
      return signal.note === undefined ? 'info' : 'warn'
    case 'event.mapped':
      return signal.status === 'failed' ? 'warn' : 'info'
    case 'event.fetched':
      return signal.error === null ? 'info' : 'warn'
    case 'batch.attempted':
      return signal.outcome === 'settled' ? 'info' : 'warn'
    case 'destination.tested':
      return signal.result === 'accepted' ? 'info' : 'warn'
    case 'destination.changed':
      return signal.state === 'closed' ? 'info' : 'error'
    case 'step.failed':
      return 'error'
    default:
      return 'info'
  }
}

function fieldsOf(signal: Signal): Record<string, unknown> {
  switch (signal.kind) {
    case 'batch.attempted': {
      const { kind: _kind, latenciesMs, ...fields } = signal
      return latenciesMs.length > 0 ? { ...fields, slowestMs: Math.max(...latenciesMs) } : fields
    }
    case 'item.delivered':
      return {
        destination: signal.destination,
        batchId: signal.batchId,
        items: signal.items.map(({ type, id }) => `${type} ${id}`),
      }
    case 'source.silent': {
      const { kind: _kind, lastAt, ...fields } = signal
      return { ...fields, lastAt: new Date(lastAt).toISOString() }
    }
    case 'event.fetched': {
      const { kind: _kind, requests, ...fields } = signal
      const outcomes: Record<string, number> = {}
      for (const { outcome } of requests) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      return { ...fields, requests: requests.length, outcomes }
    }
    case 'step.failed':
      return { loop: signal.loop, error: messageOf(signal.error), stack: stackOf(signal.error) }
    default: {
      const { kind: _kind, ...fields } = signal
      return fields
    }
  }
}

/** Where a bug is; an expected failure says enough by its message. */
function stackOf(error: unknown): string | undefined {
  return error instanceof Error && error.name !== 'RelayError' ? error.stack : undefined
}
