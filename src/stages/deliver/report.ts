import { eventIdOf } from '../../domain/event-id.ts'
import type { Emit } from '../../domain/signal.ts'
import type { Answer } from '../../ingest/client/client.ts'
import type { Delivering, SealedBatch } from '../../store/contract/delivering.ts'
import type { Assessment } from './assess.ts'

export interface Attempted extends Pick<Assessment, 'outcome' | 'settlement'> {
  readonly batch: SealedBatch
  /** The call's path. */
  readonly call: string
  readonly answer: Answer
  readonly startedAt: number
  readonly at: number
}

/** Signals are kept and sent on: each is small. */
const itemsInSignal = 100

/** Tells of an attempt that is settled, and keeps its record. Bookkeeping: nothing here can cause a second call. */
export function reportAttempt(attempted: Attempted, store: Pick<Delivering, 'recordAttempt'>, emit: Emit): void {
  const { batch, call, answer, outcome, settlement, startedAt, at } = attempted
  const { destination } = batch
  const results = settlement.kind === 'done' ? settlement.items : []
  const delivered = new Set(results.flatMap(({ seq, result }) => (result === 'delivered' ? [seq] : [])))
  const taken = batch.items.filter(({ seq }) => delivered.has(seq))
  const attempt = {
    status: answer.kind === 'answer' ? answer.status : null,
    outcome: outcome.kind,
    error: 'reason' in outcome ? outcome.reason : null,
    requestId: answer.kind === 'answer' ? answer.requestId : null,
    durationMs: at - startedAt,
  }
  const [first] = batch.items
  emit({
    kind: 'batch.attempted',
    batchId: batch.id,
    destination,
    call,
    items: batch.items.length,
    item: first && batch.items.length === 1 ? { type: first.type, id: first.id } : null,
    bytes: batch.body.length,
    attempt: batch.attempts + 1,
    ...attempt,
    delivered: delivered.size,
    latenciesMs: taken.map(({ receivedAt }) => at - receivedAt),
  })
  for (let from = 0; from < taken.length; from += itemsInSignal) {
    const items = taken.slice(from, from + itemsInSignal).map(({ type, id, source, eventSeq }) => {
      return { type, id, source, eventId: eventSeq === null ? null : eventIdOf(eventSeq) }
    })
    emit({ kind: 'item.delivered', destination, batchId: batch.id, items })
  }
  const known = new Map(batch.items.map((item) => [item.seq, item]))
  for (const result of results) {
    const item = known.get(result.seq)
    if (result.result !== 'dead' || !item) continue
    emit({ kind: 'item.dead', destination, type: item.type, id: item.id, error: result.error })
  }
  store
    .recordAttempt({ batchId: batch.id, destination, at: startedAt, itemCount: batch.items.length, ...attempt })
    .catch((error: unknown) => emit({ kind: 'step.failed', loop: `attempts of ${destination}`, error }))
}
