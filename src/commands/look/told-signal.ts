/** A signal as `GET /api/v1/signals` tells it. */
export interface ToldSignal {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** In front of the others, without their names. */
const first = ['source', 'destination', 'endpoint', 'topic', 'event_id', 'type', 'id'] as const
/** Of use to programs; or said by the type of the signal, or by a field beside it. */
const unsaid = new Set<string>(
  [
    first,
    ['batch_id', 'request_id', 'mapper', 'mapper_version', 'bytes', 'call', 'latencies_ms', 'slowest_ms', 'item'],
    ['delivered', 'duplicate'],
  ].flat(),
)
/** Wide enough for the usual types; a longer one moves the rest of its line. */
const typeWidth = 17

/** One signal as one line: when, what, whose, and what is worth knowing of it. */
export function toldSignalLine({ type, timestamp, data }: ToldSignal): string {
  const named = first.map((name) => data[name]).filter((value) => typeof value === 'string')
  const facts = Object.entries(data)
    .filter(([name, value]) => !unsaid.has(name) && isWorthSaying(value) && `event.${value}` !== type)
    .map(([name, value]) => (name === 'duration_ms' ? `${Math.round(Number(value))} ms` : `${name}=${textOf(value)}`))
  return [timestamp.slice(11, 19), type.padEnd(typeWidth), ...named, ...facts].join('  ').trimEnd()
}

/** Nothing of nothing: a count of 0, an error that is null. */
function isWorthSaying(value: unknown): boolean {
  return value !== null && value !== false && value !== '' && value !== 0
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(nameOf).join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** An item by its id. */
function nameOf(one: unknown): string {
  const isItem = typeof one === 'object' && one !== null && 'id' in one
  return isItem ? String(one.id) : typeof one === 'object' ? JSON.stringify(one) : String(one)
}
