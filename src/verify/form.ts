/**
 * The fields of a form by name, each name with its value behind it and nothing between (Twilio, Mandrill). Null for what the relay
 * would read as JSON: its fields would mean something else than what is signed.
 */
export function readForm(body: Buffer): string | null {
  const text = body.toString('utf8').replace(/^\uFEFF/, '')
  if (/^\s*[{[]|^eyJ/.test(text)) return null
  const fields = [...new URLSearchParams(text)].map(([name, value]) => ({ name, value }))
  fields.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
  return fields.map(({ name, value }) => name + value).join('')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
