import type { InboundRequest } from '../../src/domain/inbound-request.ts'
import { createVerifier, type Verdict, verifySchema } from '../../src/verify/verifier.ts'

/** A delivery to the source `s`; header names in any case. */
export function delivery(
  headers: Record<string, string>,
  body: string | Buffer = '',
  over: Partial<InboundRequest> = {},
): InboundRequest {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    source: 's',
    method: 'POST',
    path: '/webhooks/s',
    query: '',
    headers: lower,
    body: Buffer.from(body),
    ...over,
  }
}

/** What a verifier says of a delivery at a time. */
export async function verdictOf(
  config: unknown,
  secrets: readonly string[],
  given: InboundRequest,
  nowMs = 0,
): Promise<Verdict> {
  return createVerifier(verifySchema.parse(config), secrets).verify(given, nowMs)
}

/** Why a delivery is refused; null where it is not. */
export async function reasonOf(...of: Parameters<typeof verdictOf>): Promise<string | null> {
  const verdict = await verdictOf(...of)
  return verdict.ok ? null : verdict.reason
}
