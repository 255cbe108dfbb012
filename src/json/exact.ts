/** JSON whose numbers are written again with every digit that they had: `1.10`, and integers beyond 2^53. */
export function readExactJson(text: string): unknown {
  const { parse, rawJSON } = JSON as unknown as {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
    rawJSON(text: string): unknown
  }
  return parse(text, (_key, value, { source }) => (typeof value === 'number' && source ? rawJSON(source) : value))
}
