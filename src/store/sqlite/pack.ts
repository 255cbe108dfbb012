import type { NewEvent } from '../store.ts'

/** An event as it is written: headers as JSON text. */
export type WrittenEvent = Omit<NewEvent, 'headers'> & { readonly headers: string }

type Row = readonly [
  source: string,
  deliveryId: string | null,
  topic: string | null,
  receivedAt: number,
  method: string,
  path: string,
  query: string,
  size: number,
]

/**
 * The events of many callers on their way to another thread. Cloning objects would cost more than writing them to disk,
 * so they go as one JSON text, and the bodies in one buffer, which moves and is not copied.
 */
export interface PackedEvents {
  /** A list of rows for each caller. */
  readonly rows: string
  readonly headers: readonly string[]
  readonly bodies: ArrayBuffer
}

export function packEvents(calls: readonly (readonly WrittenEvent[])[]): PackedEvents {
  let size = 0
  for (const events of calls) for (const { body } of events) size += body.byteLength
  const bodies = new Uint8Array(size)
  const headers: string[] = []
  let offset = 0
  const rows = calls.map((events) =>
    events.map((event): Row => {
      const { source, deliveryId, topic, receivedAt, method, path, query, body } = event
      headers.push(event.headers)
      bodies.set(body, offset)
      offset += body.byteLength
      return [source, deliveryId, topic, receivedAt, method, path, query, body.byteLength]
    }),
  )
  return { rows: JSON.stringify(rows), headers, bodies: bodies.buffer }
}

export function unpackEvents({ rows, headers, bodies }: PackedEvents): readonly (readonly WrittenEvent[])[] {
  let index = 0
  let offset = 0
  return (JSON.parse(rows) as readonly (readonly Row[])[]).map((events) =>
    events.map(([source, deliveryId, topic, receivedAt, method, path, query, size]) => {
      const body = new Uint8Array(bodies, offset, size)
      offset += size
      return { source, deliveryId, topic, receivedAt, method, path, query, headers: headers[index++]!, body }
    }),
  )
}
