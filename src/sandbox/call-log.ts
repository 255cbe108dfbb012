import type { FastifyRequest } from 'fastify'
import type { Applied } from './apply.ts'

/** A call that the sandbox has judged. `verdict` is `accepted`, `replayed`, or the code of its refusal. */
export interface SandboxCall {
  readonly at: number
  readonly path: string
  readonly status: number
  readonly verdict: string
  readonly message: string | null
  readonly requestId: string
  readonly key: string | null
  readonly connectorType: string | null
  readonly bytes: number
  readonly items: Omit<Applied, 'results'> | null
}

/** The part of a logger that the sandbox needs; pino's fits. */
export interface SandboxLog {
  info(fields: object, message: string): void
}

export interface CallLog {
  /** Only calls of the API are noted, not looks at the pages. */
  note(request: FastifyRequest, verdict: Pick<SandboxCall, 'status' | 'verdict'> & Partial<SandboxCall>): void
  /** The last 200, latest first. */
  list(): readonly SandboxCall[]
  clear(): void
}

const callsKept = 200

/** What the sandbox was asked and how it judged, for people and tests. Holds no tokens and no bodies. */
export function createCallLog(now: () => number, log: SandboxLog | undefined): CallLog {
  const calls: SandboxCall[] = []
  return {
    note(request, verdict) {
      if (request.method !== 'POST') return
      const { headers, id: requestId } = request
      const call: SandboxCall = {
        at: now(),
        path: request.url,
        message: null,
        requestId,
        key: textOf(headers['idempotency-key']),
        connectorType: textOf(headers['x-connector-type']),
        bytes: Number(headers['content-length'] ?? 0),
        items: null,
        ...verdict,
      }
      calls.unshift(call)
      calls.length = Math.min(calls.length, callsKept)
      log?.info(call, 'sandbox.call')
    },
    list: () => [...calls],
    clear() {
      calls.length = 0
    },
  }
}

function textOf(header: string | string[] | undefined): string | null {
  return header === undefined ? null : String(header)
}
