const secretName = /authorization|cookie|signature|hmac|token|secret|password|api-?key|credential/i
/** What only the connection to the sender was about. */
const connectionNames = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect'])

/** The headers to keep with an event: all but what is secret or proves authenticity, and what the connection was about. */
export function storableHeaders(
  headers: Readonly<Record<string, string>>,
  proofHeaders: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !secretName.test(name) && !proofHeaders.includes(name) && !connectionNames.has(name),
    ),
  )
}
