/** The members of a body that is a JSON object; null for anything else. The last one counts where a name comes twice. */
export function readObject(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

/**
 * A JSON object with another text for a member of its own, wherever the name comes with a text; every other byte stays.
 * The body must be well-formed.
 */
export function replaceMember(body: Buffer, name: string, text: string): Buffer {
  const json = body.toString('latin1') // one char for each byte; all that has a meaning to JSON is ASCII
  const replacement = JSON.stringify(text)
  const parts: Buffer[] = []
  let done = 0
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const char = json.charAt(at)
    if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (char !== '"') continue
    const end = endOfString(json, at)
    const colon = skipSpace(json, end)
    const value = skipSpace(json, colon + 1)
    if (depth === 1 && json[colon] === ':' && json[value] === '"' && isName(body.subarray(at, end), name)) {
      parts.push(body.subarray(done, value), Buffer.from(replacement))
      done = endOfString(json, value)
      at = done - 1
    } else at = end - 1
  }
  return Buffer.concat([...parts, body.subarray(done)])
}

function isName(written: Buffer, name: string): boolean {
  return JSON.parse(written.toString('utf8')) === name
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
