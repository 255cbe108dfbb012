import type { Span } from './issue.ts'

const secretWord =
  /secret|token|passw|pwd|passphrase|auth|credential|cookie|signature|private|public_key|keys?$|pem|cert|salt|bearer|jwt|dsn/i

/** Whether what stands there is a secret, or may be: by the name of any key on the way. */
export function mayBeSecret(path: string): boolean {
  const keys = path.split(/[.[\]]+/)
  if (keys.some((key) => secretWord.test(key) && !plainKeys.has(key))) return true
  return /^signals\[\d+\]\.url$/.test(path) || /^sources\..+\.fetch\.(query|headers)\b/.test(path)
}

/** Named like secrets, and none. */
const plainKeys = new Set(['authorize', 'author'])

/** Of a longer line nothing is shown. Characters. */
const longest = 2_000

const key = /(?<![\w.-])["']?([\w.-]+)["']?\s*[:=]/g
const flowValue = /^\s*(\[[^\]]*\]?|\{[^}]*\}?|("[^"]*"?|'[^']*'?)?(\$\{[^}]*\}|[^,}\]])*)/
const credentials = [/:\/\/([^\s"']*)@/dg, /:\/\/[^\s"'?]*\?([^\s"']+)/dg]

/** Where in a line of a text secrets may stand, by the names of the keys: also in text that no parser has understood. */
export function secretSpansIn(text: string, { start, end }: Span): readonly Span[] {
  if (end - start > longest) return [{ start, end }]
  const line = text.slice(start, end)
  const above = keysAbove(text, start, line)
  const content = line.search(/[^\s-]/)
  if (content === -1) return []
  if (mayBeSecret(above.join('.'))) return isReference(valueIn(line)) ? [] : [{ start: start + content, end }]
  const inUrls = credentials.flatMap((pattern) => [...line.matchAll(pattern)].map(({ indices }) => indices![1]!))
  return [...namedIn(line, above), ...inUrls].map(([from, to]) => ({ start: start + from, end: start + to }))
}

/** The values in a line whose keys say that they are secrets. */
function namedIn(line: string, above: readonly string[]): readonly (readonly [number, number])[] {
  const path = [...above]
  const spans: (readonly [number, number])[] = []
  let depth = 0
  let at = 0
  for (const { 0: head, 1: name = '', index } of line.matchAll(key)) {
    for (; at < index; at++) depth += line[at] === '{' ? 1 : line[at] === '}' ? -1 : 0
    path.splice(above.length + Math.max(0, depth), Number.POSITIVE_INFINITY, name)
    if (!mayBeSecret(path.join('.'))) continue
    const from = index + head.length
    const rest = line.slice(from)
    const held = depth > 0 ? (flowValue.exec(rest)?.[0] ?? '') : rest.replace(/\s#.*$/, '')
    const blank = held.search(/\S/)
    if (blank !== -1 && !isReference(held)) spans.push([from + blank, from + held.length])
  }
  return spans
}

/** Whether a value is references and nothing else: these are no secrets. */
function isReference(value: string): boolean {
  return value.replace(/\$\{[^}]*\}/g, '').replace(/[[\]"',\s]/g, '') === ''
}

/** What a line says, without a dash or key in front of it. */
function valueIn(line: string): string {
  return line.replace(/^[\s-]*(["']?[\w.-]+["']?\s*:(?=\s|$))?/, '')
}

const head = /^(\s*(?:-\s+)*)["']?([\w.-]+)["']?\s*:(?=\s|$)/

/** The keys that a line stands under, outermost first. One that is no `key: value` goes on with what the key above it has. */
function keysAbove(text: string, lineStart: number, line: string): readonly string[] {
  const keys: string[] = []
  const own = head.exec(line)
  const isEntry = /^\s*-(\s|$)/.test(line)
  // The indentation that a key above has to be below of.
  let below = own ? own[1]!.replace(/-\s+$/, '').length : isEntry ? line.search(/\S/) + 1 : Number.POSITIVE_INFINITY
  if (own && isEntry) below = line.search(/\S/) + 1
  for (let end = lineStart - 1; end >= 0 && below > 0; ) {
    const start = text.lastIndexOf('\n', end - 1) + 1
    const [, indent = '', name] = (end - start <= longest && head.exec(text.slice(start, end))) || []
    if (name !== undefined && indent.length < below) {
      keys.unshift(name)
      below = indent.includes('-') ? indent.indexOf('-') + 1 : indent.length
    }
    end = start - 1
  }
  return keys
}
