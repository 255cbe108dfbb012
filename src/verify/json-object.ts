/** The members of a body that is a JSON object; null for anything else. The last one counts if a name comes twice. */
export function readObject(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

/** Whether the first character is that of a JSON object. */
export function isObjectText(body: Buffer): boolean {
  const start = body.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  let at = start
  while (at < body.length && isSpace(body[at]!)) at++
  return body[at] === 0x7b
}

const byteOrderMark = Buffer.from('\uFEFF')

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

/**
 * The text of an own member of a JSON object, read without making values of the rest: the last one counts. Null where
 * there is none, or if it is something else than text. Says nothing of whether the rest is well-formed.
 */
export function textMember(body: Buffer, name: string): string | null {
  let last: readonly [number, number] | null = null
  for (const { value } of membersOf(body, name)) last = value
  return last && readText(body.subarray(...last))
}

function readText(written: Buffer): string | null {
  try {
    return JSON.parse(written.toString('utf8'))
  } catch {
    return null
  }
}

/**
 * A JSON object with another text for a member of its own, wherever the name comes with a text; every other byte stays.
 * The body must be well-formed.
 */
export function replaceMember(body: Buffer, name: string, text: string): Buffer {
  const replacement = Buffer.from(JSON.stringify(text))
  const parts: Buffer[] = []
  let done = 0
  for (const { value } of membersOf(body, name)) {
    if (value === null) continue
    parts.push(body.subarray(done, value[0]), replacement)
    done = value[1]
  }
  return Buffer.concat([...parts, body.subarray(done)])
}

/** A JSON object that has this text as a member of its own: in the place of the one that it has, else at its end. */
export function withMember(body: Buffer, name: string, text: string): Buffer {
  const replaced = replaceMember(body, name, text)
  if (textMember(replaced, name) !== null) return replaced
  const end = body.lastIndexOf('}')
  const isEmpty = /^\s*\{\s*$/.test(body.toString('utf8', 0, end).replace(/^\uFEFF/, ''))
  const member = `${isEmpty ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(text)}`
  return Buffer.concat([body.subarray(0, end), Buffer.from(member), body.subarray(end)])
}

/** Where the members of this name stand in the outermost object: start and end of the value if it is a text, else null. */
function* membersOf(body: Buffer, name: string): Generator<{ readonly value: readonly [number, number] | null }> {
  const json = body.toString('latin1') // one char for each byte; all that has a meaning to JSON is ASCII
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const char = json.charAt(at)
    if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (char !== '"') continue
    const end = endOfString(json, at)
    const colon = skipSpace(json, end)
    if (depth === 1 && json[colon] === ':' && isName(body.subarray(at, end), name)) {
      const start = skipSpace(json, colon + 1)
      const isText = json[start] === '"'
      const valueEnd = isText ? endOfString(json, start) : start
      yield { value: isText ? [start, valueEnd] : null }
      at = valueEnd - 1
    } else at = end - 1
  }
}

/** Whether a name as it is written is this one. */
function isName(written: Buffer, name: string): boolean {
  // At most six bytes for each unit of UTF-16: a longer one need not be read.
  if (written.length > name.length * 6 + 2) return false
  return readText(written) === name
}

/** The position behind the quote that ends a string. */
function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function skipSpace(json: string, start: number): number {
  let at = start
  while (at < json.length && ' \t\r\n'.includes(json.charAt(at))) at++
  return at
}
