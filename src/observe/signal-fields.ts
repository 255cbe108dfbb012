import { messageOf } from '../domain/errors.ts'
import type { Signal } from '../domain/signal.ts'

const names = new Map<string, string>() // as logs have them: a few dozen, worked out once

/** The fields of a signal as logs and subscribers see them: `snake_case`, without its kind, long lists as a number. */
export function fieldsOf(signal: Signal): Record<string, unknown> {
  const fields = shownOf(signal)
  const line: Record<string, unknown> = {}
  for (const field of Object.keys(fields)) {
    const name = names.get(field) ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    names.set(field, name)
    line[name] = fields[field]
  }
  return line
}

function shownOf(signal: Signal): Record<string, unknown> {
  switch (signal.kind) {
    case 'batch.attempted': {
      const { kind: _kind, latenciesMs, ...fields } = signal
      return latenciesMs.length > 0 ? { ...fields, slowestMs: Math.max(...latenciesMs) } : fields
    }
    case 'event.mapped': {
      const { kind: _kind, items: _items, ...fields } = signal
      return fields
    }
    case 'item.delivered': {
      const { kind: _kind, items, ...fields } = signal
      return { ...fields, items: items.map(({ eventId, ...item }) => ({ ...item, event_id: eventId })) }
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
    case 'store.log_grows': {
      const { kind: _kind, ...fields } = signal
      return {
        ...fields,
        advice: 'end the program that reads the database for so long: `fuser -v` on its file names it',
      }
    }
    case 'step.failed':
      return { loop: signal.loop, error: messageOf(signal.error) }
    default: {
      const { kind: _kind, ...fields } = signal
      return fields
    }
  }
}
