import type { Proof } from '../../domain/proof.ts'
import type { NewEvent } from '../contract/store.ts'
import { taggedId } from '../shared/delivery-tag.ts'
import type { Lane } from './lane.ts'

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
  headerValues: readonly string[],
  /** Null in rows of an older relay, if they are those of the row before. */
  headerNames: readonly string[] | null,
  /** Left out of rows that an older relay has written. */
  proof?: Proof | null,
  /** Null for a webhook of no tenant; left out of rows that an older relay has written. */
  origin?: Origin | null,
]

type Origin = Pick<NewEvent, 'tenant' | 'priority' | 'asOf'>

/** The events of one lane in a commit, on their way to another thread: few values, and the bodies in memory that both threads see. */
export interface PackedEvents extends Lane {
  /** Where each of them stands in the commit; null if these are all. */
  readonly places: readonly number[] | null
  /** By event. */
  readonly keys: readonly (string | null)[]
  /** A `Row` for each event, as one JSON text. */
  readonly rows: string
  /** Of the oldest event. */
  readonly receivedAt: number
  readonly bodies: Uint8Array
}

/** A delivery in one text: names of sources have no line breaks. */
export function deliveryKeyOf(source: string, deliveryId: string): string {
  return `${source}\n${deliveryId}`
}

/** Packs one commit after the other: the bodies that it gave before are gone when it is called again. */
export type Packer = (events: readonly NewEvent[]) => readonly PackedEvents[]

/** Nearly all commits need no more than this. Bytes. */
const sharedBytes = 1024 * 1024

/**
 * Bodies go into the same memory each time, which both threads see. Buffers that are made for each commit, moved or copied, would
 * be garbage of the other thread, outside of its heap: V8 collects all of the heap for it, again and again. A commit that does not
 * fit is copied on its way all the same.
 */
export function createPacker(): Packer {
  const shared = new Uint8Array(new SharedArrayBuffer(sharedBytes))
  return (events) => {
    let used = 0
    const roomFor = (size: number) => {
      if (used + size > sharedBytes) return new Uint8Array(size)
      used += size
      return shared.subarray(used - size, used)
    }
    return lanesOf(events).map(({ lane, places }) => {
      const own = places === null ? events : places.map((place) => events[place]!)
      return { ...pack(own, roomFor), ...lane, places }
    })
  }
}

interface LaneOfCommit {
  readonly lane: Lane
  readonly places: number[] | null
}

/** Nearly all commits have one. */
function lanesOf(events: readonly NewEvent[]): readonly LaneOfCommit[] {
  const [first] = events
  if (first === undefined) return []
  const lane = laneOf(first)
  if (events.every((event) => event.source === lane.source && (event.priority ?? 0) === lane.priority)) {
    return [{ lane, places: null }]
  }
  const lanes = new Map<string, { readonly lane: Lane; readonly places: number[] }>()
  for (const [place, event] of events.entries()) {
    const one = laneOf(event)
    const key = `${one.priority} ${one.source}`
    const known = lanes.get(key)
    if (known) known.places.push(place)
    else lanes.set(key, { lane: one, places: [place] })
  }
  return [...lanes.values()]
}

function laneOf({ source, priority = 0 }: NewEvent): Lane {
  return { source, priority }
}

/** In one pass: this is done for every webhook that comes in. */
function pack(
  events: readonly NewEvent[],
  roomFor: (bytes: number) => Uint8Array,
): Omit<PackedEvents, keyof Lane | 'places'> {
  const keys: (string | null)[] = []
  const rows: Row[] = []
  const parts: Uint8Array[] = []
  let total = 0
  let oldest = Number.POSITIVE_INFINITY
  for (const event of events) {
    const { source, topic, receivedAt, method, path, query, headers, body, proof = null, deliveryTag = null } = event
    const deliveryId = taggedId(event.deliveryId, deliveryTag)
    keys.push(deliveryId === null ? null : deliveryKeyOf(source, deliveryId))
    const size = body.byteLength
    rows.push([
      source,
      deliveryId,
      topic,
      receivedAt,
      method,
      path,
      query,
      size,
      Object.values(headers),
      Object.keys(headers),
      proof,
      originOf(event),
    ])
    parts.push(body)
    total += size
    if (receivedAt < oldest) oldest = receivedAt
  }
  return { keys, rows: JSON.stringify(rows), receivedAt: oldest, bodies: filled(roomFor(total), parts) }
}

function originOf({ tenant = null, priority = 0, asOf = null }: NewEvent): Origin | null {
  return tenant === null && priority === 0 && asOf === null ? null : { tenant, priority, asOf }
}

/** The same without the events for which `keep` is false. */
export function selectPacked(packed: PackedEvents, keep: (index: number) => boolean): PackedEvents {
  const kept = unpackEvents(packed.rows, packed.bodies).filter((_event, index) => keep(index))
  const { receivedAt, priority, source, places } = packed
  return { ...pack(kept, (size) => new Uint8Array(size)), receivedAt, priority, source, places }
}

/** The events of an inbox row; their bodies are views of `bodies`. */
export function unpackEvents(rows: string, bodies: Uint8Array): readonly NewEvent[] {
  const read = JSON.parse(rows) as readonly Row[]
  const parts = bodiesOf(read, bodies)
  let names: readonly string[] = []
  return read.map((row, index) => {
    const [source, deliveryId, topic, receivedAt, method, path, query, _size, values, newNames, proof = null, origin] =
      row
    names = newNames ?? names
    const headers = Object.fromEntries(names.map((name, at) => [name, values[at]!]))
    const body = parts[index]!
    const event = { source, deliveryId, topic, receivedAt, method, path, query, headers, body }
    return { ...event, ...(proof && { proof }), ...origin }
  })
}

function bodiesOf(rows: readonly Row[], bodies: Uint8Array): readonly Uint8Array[] {
  let offset = 0
  return rows.map(({ 7: size }) => {
    offset += size
    return bodies.subarray(offset - size, offset)
  })
}

function filled(room: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let offset = 0
  for (const part of parts) {
    room.set(part, offset)
    offset += part.byteLength
  }
  return room
}
