import { constants, fstatSync, openSync, write as writeTo } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Writes bytes, or a part of them, and tells how many it has taken. */
export type WriteBytes = (
  bytes: Buffer,
  done: (error: NodeJS.ErrnoException | null | undefined, written: number) => void,
) => void

export interface LogOutputOptions {
  /** Where bytes go; standard output by default. */
  readonly write?: WriteBytes
  /** Most characters of lines that wait. Lines beyond it are dropped and counted. */
  readonly maxWaiting?: number
  /** The line that says how many are missing; JSON by default. */
  readonly noticeOf?: (lines: number) => string
}

/** Lines to somewhere that may be slow, full or gone. Writing to it never waits and never throws. */
export interface LogOutput extends DestinationStream {
  write(line: string): void
  /** Lines that were dropped since the start. */
  dropped(): number
  /** Resolves once everything is written, or after `ms`, whichever is first. Lines that come later are dropped. */
  end(ms: number): Promise<void>
}

/** Fewer writes cost less; a person who follows the log does not notice so short a wait. */
const gatherMs = 50
const gatherLength = 4096
/** Between writes that fail: at a full disk each line would cost a failing call. */
const retryMs = 250

/**
 * Gathers lines and writes them one chunk at a time. If a chunk can't be written (disk full, reader gone), its lines are dropped
 * and counted; once lines can be written again, a `log.dropped` line says how many are missing. If nobody reads, lines wait up
 * to `maxWaiting`; more are dropped. The relay goes on in every case.
 */
export function createLogOutput(options: LogOutputOptions = {}): LogOutput {
  const { write = writeToStdout(), maxWaiting = 1024 * 1024, noticeOf = jsonNotice } = options
  let waiting: string[] = []
  let waitingLength = 0
  /** What is being written: its rest, its lines, and how many dropped ones it reports. */
  let chunk: { readonly bytes: Buffer; readonly lines: number; readonly reports: number } | null = null
  let isWriting = false
  /** Between a write that was in vain and the next. */
  let isPaused = false
  let timer: NodeJS.Timeout | null = null
  let droppedLines = 0
  let reportedLines = 0
  /** A chunk was given up in the middle of a line. */
  let isLineOpen = false
  let onIdle: (() => void) | null = null

  function later(ms: number): void {
    timer ??= setTimeout(next, ms).unref()
  }

  function pause(ms: number): void {
    isPaused = true
    later(ms)
  }

  function next(): void {
    if (timer) clearTimeout(timer)
    timer = null
    isPaused = false
    if (isWriting) return
    if (chunk === null && waiting.length === 0) {
      onIdle?.()
      return
    }
    chunk ??= takeChunk()
    isWriting = true
    write(chunk.bytes, settle)
  }

  function takeChunk(): NonNullable<typeof chunk> {
    const reports = droppedLines - reportedLines
    const text = (isLineOpen ? '\n' : '') + (reports > 0 ? noticeOf(reports) : '') + waiting.join('')
    const taken = { bytes: Buffer.from(text), lines: waiting.length, reports }
    waiting = []
    waitingLength = 0
    return taken
  }

  function settle(error: NodeJS.ErrnoException | null | undefined, written: number): void {
    isWriting = false
    if (chunk === null) return
    if (error?.code === 'EAGAIN') pause(gatherMs)
    else if (error) giveUp(chunk.lines)
    else goOn(chunk, written)
  }

  function giveUp(lines: number): void {
    droppedLines += lines
    chunk = null
    if (onIdle === null) pause(retryMs)
    else next()
  }

  function goOn(done: NonNullable<typeof chunk>, written: number): void {
    isLineOpen = done.bytes[written - 1] !== 0x0a
    const rest = done.bytes.subarray(written)
    if (rest.length === 0) reportedLines += done.reports
    chunk = rest.length === 0 ? null : { ...done, bytes: rest }
    if (chunk !== null || waitingLength >= gatherLength || onIdle !== null) next()
    else if (waiting.length > 0) later(gatherMs)
  }

  return {
    write(line) {
      if (onIdle !== null || waitingLength + line.length > maxWaiting) {
        droppedLines++
        return
      }
      waiting.push(line)
      waitingLength += line.length
      if (isWriting || isPaused) return
      if (waitingLength >= gatherLength) next()
      else later(gatherMs)
    },
    dropped: () => droppedLines,
    end(ms) {
      return new Promise((resolve) => {
        const deadline = setTimeout(resolve, ms)
        onIdle = () => {
          clearTimeout(deadline)
          resolve()
        }
        next()
      })
    },
  }
}

/** As a line of the log. */
export function jsonNotice(lines: number): string {
  return `${JSON.stringify({ msg: 'log.dropped', level: 'warn', time: new Date().toISOString(), lines })}\n`
}

/** Standard output, so that no write waits for a reader. From now on its errors are the log's, which goes on without it. */
function writeToStdout(): WriteBytes {
  const kind = fstatSync(1)
  if (kind.isFIFO() || kind.isSocket()) {
    process.stdout.removeAllListeners('error').on('error', () => {})
    return (bytes, done) => void process.stdout.write(bytes, (error) => done(error, bytes.length))
  }
  const fd = kind.isCharacterDevice() ? openUnblocking() : 1
  return (bytes, done) => writeTo(fd, bytes, done)
}

/** A terminal of one's own: what is set for standard output would be set for the shell, too. */
function openUnblocking(): number {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return 1
  }
}
