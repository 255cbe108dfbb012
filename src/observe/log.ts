import { type DestinationStream, type Logger, pino } from 'pino'
import { escapeJson } from '../domain/printable.ts'
import type { TerminalLog } from './terminal/terminal-log.ts'

export interface LogOptions {
  readonly level: string
  /** Values that must not appear in any line, whatever the field. */
  readonly secrets: readonly string[] | LiveMask
  /** Where lines go. */
  readonly stream: DestinationStream
  /** Who tells people what is said; null while lines are JSON. */
  readonly terminal?: () => Pick<TerminalLog, 'record'> | null
}

const redactedPaths = ['authorization', 'cookie', 'x-signature', 'signature', 'token', 'secret', 'password'].flatMap(
  (name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`],
)

/** JSON lines, or lines for people. Known secrets are masked in the finished line, wherever they stand; telling field names besides. */
export function createLog({ level, secrets, stream, terminal = () => null }: LogOptions): Logger {
  const { mask } = 'mask' in secrets ? secrets : createLiveMask(secrets)
  const masked: DestinationStream = {
    write(line) {
      const people = terminal()
      if (people) people.record(line)
      else stream.write(escapeJson(mask(withMessageFirst(line))))
    },
  }
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redactedPaths, censor: '[secret]' },
    },
    masked,
  )
}

const lastMessage = /,("msg":"(?:[^"\\]|\\.)*")\}\n$/y

/** Pino writes `msg` last. A quote within a text is escaped, so the last `,"msg":` is a member's name. */
function withMessageFirst(line: string): string {
  lastMessage.lastIndex = line.lastIndexOf(',"msg":')
  const found = lastMessage.lastIndex < 0 ? null : lastMessage.exec(line)
  return found ? `{${found[1]},${line.slice(1, found.index)}}\n` : line
}

/** A mask that learns. */
export interface LiveMask {
  /** Blanks each known secret in a text. */
  mask(text: string): string
  /** What was a secret before stays one: texts of that time may still come. Of old ones the newest 1000 stay. */
  add(secrets: readonly string[]): void
}

const oldSecretsKept = 1_000

/** `shortest`: shorter secrets are left as they are. Characters. */
export function createLiveMask(first: readonly string[], shortest = 0): LiveMask {
  let known: readonly string[] = []
  let mask = (text: string) => text
  function add(secrets: readonly string[]): void {
    const now = [...new Set(secrets.filter(({ length }) => length >= shortest))]
    const old = known.filter((secret) => !now.includes(secret)).slice(0, oldSecretsKept)
    if (now.length + old.length === known.length && now.every((secret, index) => known[index] === secret)) return
    known = [...now, ...old]
    mask = createMask(known)
  }
  add(first)
  return { mask: (text) => mask(text), add }
}

/** A function that replaces every known secret in a text, also in the forms it takes in JSON, URLs and basic auth. */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64Core(secret)])
    .filter((form) => form.length >= 4)
  if (forms.length === 0) return (text) => text
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((form) => RegExp.escape(form)).join('|'), 'g')
  return (text) => text.replace(pattern, '[secret]')
}

/** Base64 of the secret less the ends that depend on what follows it. */
function base64Core(secret: string): string {
  const whole = Buffer.from(secret).subarray(0, Math.floor(Buffer.byteLength(secret) / 3) * 3)
  return whole.length >= 6 ? whole.toString('base64') : ''
}
