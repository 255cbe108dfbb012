import type { Span } from './issue.ts'

const secretWord =
  /secret|token|passw|pwd|passphrase|auth|credential|cookie|signature|private|public_key|(^|[_.-])(api_?)?keys?$|pem|cert/i

/** Whether what stands there is a secret, or may be: by the name of any key on the way. */
export function mayBeSecret(path: string): boolean {
  const keys = path.split(/[.[\]]+/)
  if (keys.some((key) => secretWord.test(key) && !plainKeys.has(key))) return true
  return /^signals\[\d+\]\.url$/.test(path) || /^sources\..+\.fetch\.(query|headers)\b/.test(path)
}

/** Named like secrets, and none. */
const plainKeys = new Set(['authorize', 'author'])

const key = /["']?([\w.-]+)["']?\s*[:=]\s*/g
const value = /^(\[[^\]]*\]?|\{[^}]*\}?|("[^"]*"?|'[^']*'?)?(\$\{[^}]*\}|[^,}\]#])*)/
const credentials = [/:\/\/([^/@\s]+)@/dg, /:\/\/[^\s"'?]*\?([^\s"']+)/dg]

/** Where in a line of a text secrets may stand, by the names of the keys: also in text that no parser has understood. */
export function secretSpansIn(text: string, { start, end }: Span): readonly Span[] {
  const line = text.slice(start, end)
  const named = [...line.matchAll(key)].flatMap(({ 0: head, 1: name = '', index }) => {
    const from = index + head.length
    const [held = ''] = secretWord.test(name) ? (value.exec(line.slice(from)) ?? []) : []
    return held === '' || isReference(held) ? [] : [[from, from + held.length] as const]
  })
  const inUrls = credentials.flatMap((pattern) => [...line.matchAll(pattern)].map(({ indices }) => indices![1]!))
  const spans = [...named, ...inUrls].map(([from, to]) => ({ start: start + from, end: start + to }))
  const content = line.search(/[^\s-]/)
  const isEntry = content !== -1 && /^\s*-\s/.test(line) && !isReference(line.slice(content))
  return isEntry && secretWord.test(keyAbove(text, start, line.search(/\S/)))
    ? [...spans, { start: start + content, end }]
    : spans
}

/** Whether a value is references and nothing else: these are no secrets. */
function isReference(value: string): boolean {
  return value.replace(/\$\{[^}]*\}/g, '').replace(/[[\]"',\s]/g, '') === ''
}

/** The key that the entries of a list stand under. */
function keyAbove(text: string, lineStart: number, indent: number): string {
  const lines = text.slice(0, lineStart).split('\n').toReversed()
  const head = lines.find((line) => line.trim() !== '' && line.search(/\S/) <= indent && !/^\s*(-\s|#)/.test(line))
  return /^\s*["']?([\w.-]+)/.exec(head ?? '')?.[1] ?? ''
}
