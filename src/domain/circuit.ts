/**
 * The circuit of one destination.
 *
 *               failures >= 5                   probe fails: wait longer
 *     closed ──────────────────▶ open ──(wait)──▶ probing ──┐
 *       ▲                          ▲────────────────┼───────┘
 *       └──────────────────────────────────────────-┘ any answer that is not a failure
 *
 *     any state ── 3 authentication failures in a row, or an operator ──▶ disabled
 *     disabled ── an operator, or after authentication failures a start with other credentials ──▶ test call
 *     test call ── refused ──▶ disabled, with that reason
 *               ── anything else ──▶ closed
 *
 * Times are unix milliseconds. While open nothing is sent before `retryAt`; then one call at a time is the probe.
 */
export interface Circuit {
  readonly state: 'closed' | 'open' | 'disabled'
  readonly failures: number
  readonly authFailures: number
  readonly retryAt: number
  readonly reason: string | null
  readonly changedAt: number
  /** Fingerprint of the credentials for whose refusal it was disabled. Older rows do not have it. */
  readonly refused?: string | null
  /** True while it is disabled because of what a change of the configuration would send anew. */
  readonly held?: boolean
}

export const failuresToOpen = 5
export const authFailuresToDisable = 3
const openBaseMs = 1_000
const openCapMs = 60_000
const probesToDoubleIfWell = 4

export function closedCircuit(at: number): Circuit {
  return { state: 'closed', failures: 0, authFailures: 0, retryAt: 0, reason: null, changedAt: at }
}

export type CircuitEvent =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly afterMs?: number | undefined
      /** It answers heartbeats: maybe these items alone are not taken, so others are tried sooner. */
      readonly isWell?: boolean
      /** It answers heartbeats, and this batch is at fault: that neither opens nor closes the circuit for others. */
      readonly isOfBatch?: boolean
    }
  | { readonly kind: 'unauthorized'; readonly reason: string; readonly credentials: string }
  | { readonly kind: 'disable'; readonly reason: string; readonly held?: boolean }
  | { readonly kind: 'enable' }
  /** The clock was set back: what waits for a time waits no longer. */
  | { readonly kind: 'clock_set_back' }
  /** The test call before it would have been enabled. */
  | { readonly kind: 'refused'; readonly reason: string; readonly credentials: string }

/** The circuit after an event. Returns the same object if nothing changed, so that the caller can skip the write. */
export function nextCircuit(circuit: Circuit, event: CircuitEvent, at: number): Circuit {
  switch (event.kind) {
    case 'enable':
      return closedCircuit(at)
    case 'disable':
      return {
        ...circuit,
        state: 'disabled',
        reason: event.reason,
        changedAt: at,
        refused: null,
        held: event.held === true,
      }
    case 'clock_set_back':
      return circuit.retryAt > at ? { ...circuit, retryAt: at } : circuit
    case 'answered':
      if (circuit.state === 'disabled' || isClean(circuit)) return circuit
      return closedCircuit(at)
    case 'unauthorized': {
      if (circuit.state === 'disabled') return circuit
      const authFailures = circuit.authFailures + 1
      if (authFailures < authFailuresToDisable) return { ...circuit, authFailures, reason: event.reason }
      const reason = `${authFailures} authentication failures in a row: ${event.reason}`
      return { ...circuit, state: 'disabled', authFailures, reason, changedAt: at, refused: event.credentials }
    }
    case 'refused':
      // What an operator has disabled stays the operator's to enable, whatever the credentials.
      if (circuit.state !== 'disabled') return circuit
      return { ...circuit, reason: event.reason, refused: circuit.refused ? event.credentials : null }
    case 'failed': {
      if (circuit.state === 'disabled') return circuit
      if (event.isOfBatch && circuit.state === 'closed') return nextCircuit(circuit, { kind: 'answered' }, at)
      const failures = circuit.failures + 1
      if (failures < failuresToOpen) return { ...circuit, failures, authFailures: 0, reason: event.reason }
      const doublings = (failures - failuresToOpen) / (event.isWell ? probesToDoubleIfWell : 1)
      const wait = Math.min(openCapMs, Math.round(openBaseMs * 2 ** Math.min(doublings, 16)))
      const retryAt = at + Math.max(wait, Math.min(event.afterMs ?? 0, openCapMs))
      const changedAt = circuit.state === 'open' ? circuit.changedAt : at
      return { state: 'open', failures, authFailures: 0, retryAt, reason: event.reason, changedAt }
    }
  }
}

function isClean(circuit: Circuit): boolean {
  return circuit.state === 'closed' && circuit.failures === 0 && circuit.authFailures === 0
}

/** Whether it was disabled for credentials that are other ones now. Never if an operator has disabled it. */
export function hasNewCredentials({ state, refused }: Circuit, credentials: string): boolean {
  return state === 'disabled' && typeof refused === 'string' && refused !== credentials
}

/** How many calls may be under way now: none while disabled or waiting, one as a probe, else `limit`. */
export function callsAllowed(circuit: Circuit, limit: number, at: number): number {
  if (circuit.state === 'disabled') return 0
  if (circuit.state === 'open') return at >= circuit.retryAt ? 1 : 0
  return circuit.authFailures > 0 ? 1 : limit
}
