import type { Level, Line, Mark } from './line.ts'

/** A line of the log as JSON has it. */
export interface LogRecord extends Readonly<Record<string, unknown>> {
  readonly level?: unknown
  readonly msg?: unknown
}

type Fields = Pick<Line, 'outcome'> & Partial<Omit<Line, 'level' | 'like'>>

/** What the log says that is no signal; null: not for people, or told otherwise. */
const texts: Readonly<Record<string, (record: LogRecord) => Fields | null>> = {
  'config.loaded': () => null, // the banner
  'relay.listening': () => null,
  'config.warning': ({ warning }) => ({ subject: 'config', outcome: 'warning', detail: text(warning) }),
  'relay.stopping': ({ signal }) => ({ outcome: 'stopping', detail: text(signal) }),
  'relay.stopped': () => ({ outcome: 'stopped' }),
  'relay.close_failed': ({ error }) => ({ outcome: 'could not close a listener', detail: text(error) }),
  'reload.failed': ({ error, stack }) => ({ outcome: 'the reload failed', detail: text(error), stack: text(stack) }),
  'request.failed': ({ err, requestId }) => {
    const { message, stack } = (err ?? {}) as { message?: unknown; stack?: unknown }
    return { outcome: `500 for ${text(requestId)}: this is a bug`, detail: text(message), stack: text(stack) }
  },
  'promise.rejected': ({ error, stack }) => ({
    outcome: 'a promise that nobody awaits was rejected',
    detail: text(error),
    stack: text(stack),
  }),
  'exception.uncaught': ({ error, stack }) => ({
    outcome: 'an exception that nobody caught: the relay stops',
    detail: text(error),
    stack: text(stack),
  }),
  'store.sqlite_outdated': ({ sqlite, node }) => ({
    subject: 'store',
    outcome: `SQLite ${text(sqlite)} of Node ${text(node)} can lose commits when two processes write`,
    cure: 'update Node 24',
  }),
  'log.dropped': ({ lines }) => ({ outcome: `${text(lines)} lines before this one could not be written` }),
  'sandbox.call': ({ path, status, verdict, message, bytes }) => ({
    subject: 'sandbox',
    topic: text(path),
    what: text(verdict),
    mark: Number(status) < 400 ? 'good' : 'error',
    outcome: `${text(status)}, ${text(bytes)} bytes`,
    detail: text(message),
  }),
  'sandbox.item': ({ id, status, error }) => ({
    subject: 'sandbox',
    topic: text(status),
    what: text(id),
    mark: error ? 'error' : 'quiet',
    outcome: text((error as { message?: unknown } | null)?.message ?? error) || text(status),
  }),
}

const levels: ReadonlySet<unknown> = new Set<Level>(['debug', 'info', 'warn', 'error', 'fatal'])
const marks: Readonly<Record<Level, Mark>> = {
  debug: 'quiet',
  info: 'quiet',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
}

/** A line for what the log says; null if it says nothing to people. */
export function recordLine(record: LogRecord): Line | null {
  const known = Object.hasOwn(texts, text(record.msg)) ? texts[text(record.msg)] : undefined
  if (!known) return unknownLine(record)
  const fields = known(record)
  return fields && { ...baseOf(record), ...fields }
}

/** What nobody has words for is told by its name and its fields. */
export function unknownLine(record: LogRecord): Line {
  return { ...baseOf(record), outcome: [text(record.msg), fieldsText(record)].filter(Boolean).join('  ') }
}

function baseOf(record: LogRecord) {
  const level = levels.has(record.level) ? (record.level as Level) : 'info'
  return { level, mark: marks[level], subject: 'relay' } as const
}

/** `key=value`, without what each line has. */
function fieldsText(record: LogRecord): string {
  return Object.entries(record)
    .filter(([key, value]) => !['level', 'time', 'msg'].includes(key) && value !== undefined)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : text(value)}`,
    )
    .join(' ')
}

function text(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
