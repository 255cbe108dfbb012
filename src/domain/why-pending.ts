import type { Circuit } from './circuit.ts'

/** What tells why an item is not delivered yet. */
export interface Waiting {
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly destination: string
  /** When it may be sent. */
  readonly dueAt: number | null
  readonly error: string | null
  /** Its destination: not in the configuration any more, or switched off there. */
  readonly standing: 'on' | 'off' | 'unconfigured'
  readonly circuit: Pick<Circuit, 'state' | 'retryAt' | 'reason'> | null
  /** The batch that holds it now. */
  readonly batch: {
    readonly id: string
    readonly status: string
    readonly nextAt: number | null
    readonly error: string | null
  } | null
  readonly now: number
}

/** Why an item is pending, as one sentence; null if it is not. The first cause that keeps it is the one that is told. */
export function whyPending({
  status,
  destination,
  dueAt,
  error,
  standing,
  circuit,
  batch,
  now,
}: Waiting): string | null {
  if (status !== 'pending') return null
  if (standing === 'unconfigured') return `destination '${destination}' is not configured`
  if (standing === 'off') return `destination '${destination}' is switched off in the configuration`
  if (circuit?.state === 'disabled') return `destination '${destination}' is disabled${because(circuit.reason)}`
  if (circuit?.state === 'open') {
    return `destination '${destination}' fails, and is tried again ${timeFrom(circuit.retryAt, now)}${because(circuit.reason)}`
  }
  if (batch?.status === 'claimed') return `batch ${batch.id} is being sent`
  if (batch) return `batch ${batch.id} is tried again ${timeFrom(batch.nextAt, now)}${because(batch.error)}`
  if (dueAt !== null && dueAt > now) {
    const wait = error === null ? 'further changes may follow: it is sent' : 'it is tried again'
    return `${wait} ${timeFrom(dueAt, now)}${because(error)}`
  }
  return `it is due: a running relay sends it next${because(error)}`
}

function because(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`
}

function timeFrom(at: number | null, now: number): string {
  return at === null || at <= now ? 'now' : `at ${new Date(at).toISOString()}`
}
