/** One event of a stream of `text/event-stream`. */
export interface ServerSentEvent {
  /** The last id that was told, with this event or before it. */
  readonly id: string
  readonly type: string
  readonly data: string
}

/**
 * Reads such a stream from its pieces, however they are cut (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Answers the events that a piece completes; comments, such as heartbeats, are none.
 */
export function createEventReader(): (piece: string) => readonly ServerSentEvent[] {
  let rest = ''
  let id = ''
  let type = ''
  let data: string[] = []

  function readLine(line: string): ServerSentEvent | null {
    if (line === '') return endEvent()
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
    return event
  }

  return function read(piece) {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    return lines.map(readLine).filter((event) => event !== null)
  }
}
