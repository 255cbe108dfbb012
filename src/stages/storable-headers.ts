const secretName = /authorization|cookie|signature|hmac|token|secret|password|api-?key|credential/i
/** What only the connection to the sender was about. */
const connectionNames = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect'])

// Senders use the same few names over and over: the verdict on each is worked out once.
const verdicts = new Map<string, boolean>()
const maxVerdicts = 1_000

function isStorable(name: string): boolean {
  const known = verdicts.get(name)
  if (known !== undefined) return known
  const verdict = !secretName.test(name) && !connectionNames.has(name)
  if (verdicts.size < maxVerdicts) verdicts.set(name, verdict)
  return verdict
}

/** The headers to keep with an event: all but what is secret or proves authenticity, and what the connection was about. */
export function storableHeaders(
  headers: Readonly<Record<string, string>>,
  proofHeaders: readonly string[],
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    if (isStorable(name) && !proofHeaders.includes(name)) kept[name] = headers[name] ?? ''
  }
  return kept
}
