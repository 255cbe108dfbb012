/** A signal as `GET /api/v1/signals` tells it. */
export interface ToldSignal {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** In front of the others, without their names. */
const first = ['source', 'destination', 'endpoint', 'topic', 'event_id', 'type', 'id'] as const
/** Said by the kind of signal, or of no use to a person. */
const unsaid = new Set<string>([
  ...first,
  'delivered',
  'duplicate',
  'batch_id',
  'request_id',
  'mapper_version',
  'bytes',
])
/** Wide enough for the usual types; a longer one moves the rest of its line. */
const typeWidth = 22

/** One signal as one line: when, what, whose, and what is worth knowing of it. */
export function signalLine({ type, timestamp, data }: ToldSignal): string {
  const named = first.map((name) => data[name]).filter((value) => typeof value === 'string')
  const facts = Object.entries(data)
    .filter(([name, value]) => !unsaid.has(name) && value !== null && value !== false && value !== '')
    .map(([name, value]) => `${name}=${textOf(value)}`)
  return [timestamp.replace(/\.\d+Z$/, 'Z'), type.padEnd(typeWidth), ...named, ...facts].join('  ').trimEnd()
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
