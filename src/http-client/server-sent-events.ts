import { RelayError } from '../domain/errors.ts'

/** One event of a stream of `text/event-stream`. */
export interface ServerSentEvent {
  /** The last id that was told, with this event or before it. */
  readonly id: string
  readonly type: string
  readonly data: string
}

/** In characters, of one event: a server that never ends one must not fill the memory. */
const longestEvent = 1024 * 1024

/**
 * Reads such a stream from its pieces, however they are cut (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Answers the events that a piece completes; comments, such as heartbeats, are none.
 * Throws RelayError `too_large` for a line, or an event of several, that is longer than a megabyte.
 */
export function createEventReader(): (piece: string) => readonly ServerSentEvent[] {
  let rest = ''
  let id = ''
  let type = ''
  let data: string[] = []
  let length = 0

  function readLine(line: string): ServerSentEvent | null {
    if (line === '') return endEvent()
    length += line.length
    checkLength(length)
    const [, name = line, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (name === 'id' && !value.includes('\0')) id = value
    if (name === 'event') type = value
    if (name === 'data') data.push(value)
    return null
  }

  function endEvent(): ServerSentEvent | null {
    const event = data.length > 0 ? { id, type: type || 'message', data: data.join('\n') } : null
    type = ''
    data = []
    length = 0
    return event
  }

  return function read(piece) {
    // A line that comes in many pieces is looked through once, not with each piece. A \r may be half of a line's end.
    const endsLine = rest.endsWith('\r') || /[\r\n]/.test(piece)
    const lines = endsLine ? (rest + piece).split(/\r\n|\n|\r(?!$)/) : [rest + piece]
    rest = lines.pop() ?? ''
    const events = lines.map(readLine).filter((event) => event !== null)
    checkLength(length + rest.length)
    return events
  }
}

function checkLength(length: number): void {
  if (length > longestEvent)
    throw new RelayError('too_large', `an event of the stream is longer than ${longestEvent} characters`)
}
