import { RelayError } from '../../domain/errors.ts'
import type { NewEvent } from '../store.ts'

/** What is known of an event besides its body, in the order in which the inbox has it. */
type Row = readonly [
  source: string,
  deliveryId: string | null,
  topic: string | null,
  receivedAt: number,
  method: string,
  path: string,
  query: string,
  bodySize: number,
  headers: Readonly<Record<string, string>>,
]

/** An event on its way into the inbox. */
export interface PackedEvent {
  /** The source and the delivery id; null without one. */
  readonly key: string | null
  readonly receivedAt: number
  /** A `Row` as JSON. */
  readonly row: string
  readonly body: Uint8Array
}

/** The events of one commit on their way to another thread: few values, and the bodies in one buffer, which moves. */
export interface PackedEvents {
  readonly keys: readonly (string | null)[]
  readonly rows: readonly string[]
  readonly sizes: readonly number[]
  /** Of the oldest event. */
  readonly receivedAt: number
  readonly bodies: Uint8Array
}

/** Throws RelayError `invalid` for an event that the store could not give back as it is. */
export function packEvent(event: NewEvent): PackedEvent {
  const { source, deliveryId, topic, receivedAt, method, path, query, headers, body } = event
  if (!Number.isSafeInteger(receivedAt)) throw new RelayError('invalid', 'receivedAt of an event must be an integer')
  const row: Row = [source, deliveryId, topic, receivedAt, method, path, query, body.byteLength, headers]
  const key = deliveryId === null ? null : deliveryKeyOf(source, deliveryId)
  return { key, receivedAt, row: JSON.stringify(row), body }
}

export function deliveryKeyOf(source: string, deliveryId: string): string {
  return `${source}\n${deliveryId}`
}

export function packEvents(events: readonly PackedEvent[]): PackedEvents {
  let size = 0
  for (const { body } of events) size += body.byteLength
  const bodies = new Uint8Array(size)
  let offset = 0
  for (const { body } of events) {
    bodies.set(body, offset)
    offset += body.byteLength
  }
  return {
    keys: events.map(({ key }) => key),
    rows: events.map(({ row }) => row),
    sizes: events.map(({ body }) => body.byteLength),
    receivedAt: events.reduce((oldest, { receivedAt }) => Math.min(oldest, receivedAt), Number.POSITIVE_INFINITY),
    bodies,
  }
}

/** The same without the events for which `keep` is false. */
export function selectPacked(packed: PackedEvents, keep: (index: number) => boolean): PackedEvents {
  const { keys, rows, sizes, receivedAt } = packed
  const parts = bodiesOf(packed).filter((_body, index) => keep(index))
  return {
    keys: keys.filter((_key, index) => keep(index)),
    rows: rows.filter((_row, index) => keep(index)),
    sizes: sizes.filter((_size, index) => keep(index)),
    receivedAt,
    bodies: Buffer.concat(parts),
  }
}

function bodiesOf({ sizes, bodies }: Pick<PackedEvents, 'sizes' | 'bodies'>): Uint8Array[] {
  let offset = 0
  return sizes.map((size) => {
    offset += size
    return bodies.subarray(offset - size, offset)
  })
}

/** The events of an inbox row; their bodies are views of `bodies`. */
export function unpackEvents(rows: string, bodies: Uint8Array): readonly NewEvent[] {
  const read = JSON.parse(rows) as readonly Row[]
  const parts = bodiesOf({ sizes: read.map((row) => row[7]), bodies })
  return read.map(([source, deliveryId, topic, receivedAt, method, path, query, _size, headers], index) => {
    return { source, deliveryId, topic, receivedAt, method, path, query, headers, body: parts[index]! }
  })
}
