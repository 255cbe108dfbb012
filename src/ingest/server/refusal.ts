/** A call that the ingest API would refuse, with the code and status of its error envelope. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

/** The envelope of a call that was taken (ingest contract, "Answers"). */
export function okEnvelope(data: unknown, requestId: string, meta: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ok: true, data, meta: { requestId, ...meta } })
}

/** The envelope of a refusal. Trying again helps only if the fault was the sandbox's own. */
export function errorEnvelope({ status, code, message, details }: Refusal, requestId: string): string {
  return JSON.stringify({ ok: false, error: { code, message, status, retryable: status >= 500, requestId, details } })
}
