import { retryDelayMs } from '../../domain/retry.ts'
import type { Emit } from '../../domain/signal.ts'
import type { SignalType } from '../../domain/signal-type.ts'
import { createReach, isTriedFor, notCounted, type Tried, triedAgain, untried } from '../../domain/tried.ts'
import type { PostClient, PostResult } from '../../http-client/post.ts'
import { signStandardWebhook } from '../../verify/sign-standard-webhook.ts'

/** Where the operator wants to be told of signals. */
export interface Endpoint {
  /** As logs and metrics name it: its place in the configuration. Its url may be a credential. */
  readonly name: string
  readonly types: ReadonlySet<SignalType>
  readonly secrets: readonly string[]
  readonly client: PostClient
  /** For one request. Milliseconds. */
  readonly timeoutMs: number
}

export interface NotifyDeps {
  readonly endpoint: Endpoint
  readonly now: () => number
  readonly random: () => number
  readonly newId: () => string
  readonly emit: Emit
}

/** The webhooks to one endpoint of the operator. */
export interface Notifier {
  readonly name: string
  /** Takes a signal of the types that are wanted; `text` makes its body. In memory: its caller does not wait. */
  take(type: SignalType, text: () => string): boolean
  /** One attempt of one webhook, if one is due. Answers whether there was one. */
  step(signal: AbortSignal): Promise<boolean>
  /** When to step again, in unix milliseconds; null if nothing waits. */
  nextAt(): number | null
  /** Whatever waits is due: the time that it waits for may be far off now. */
  clockSetBack(): void
  /** Gives away what waits, but for the one that is being sent. */
  handOver(): readonly Waiting[]
  takeOver(given: readonly Waiting[]): void
  /** A last attempt for each that waits, until one fails; the rest is dropped. */
  flush(signal: AbortSignal): Promise<void>
}

const maxWaiting = 1_000
const maxAgeMs = 86_400_000
const backoff = { baseMs: 2_000, capMs: 900_000 }

/** A webhook to the operator that is still to be sent. */
export interface Waiting {
  readonly id: string
  readonly type: SignalType
  readonly body: string
  readonly attempts: number
  readonly tried: Tried
  readonly dueAt: number
}

/**
 * Tells one endpoint what has happened, one webhook at a time:
 *
 *     take ──▶ waiting ──▶ posted ──2xx──▶ sent
 *                 ▲           ├── else ──▶ waiting, with backoff, for a day of trying; then dropped
 *                 └───────────┘──── 410 ─▶ dropped
 *
 * It waits in memory: the state behind a signal is in the store, and a disk that is full must not keep anyone from being told.
 * Beyond 1000 the oldest of the most frequent type is dropped: what strangers can cause in any number pushes nothing else out. After a failure the whole endpoint rests, so that one that is down is asked once in a while.
 */
export function createNotifier({ endpoint, now, random, newId, emit }: NotifyDeps): Notifier {
  const { name, types, secrets, client, timeoutMs } = endpoint
  const waiting: Waiting[] = []
  let sending: Waiting | null = null
  const reach = createReach(now())
  let failures = 0
  let restUntil = 0
  let overflowed = 0

  function take(type: SignalType, text: () => string): boolean {
    if (!types.has(type)) return false
    const at = now()
    waiting.push({ id: `msg_${newId()}`, type, body: text(), attempts: 0, tried: untried, dueAt: at })
    if (waiting.length > maxWaiting) dropOne()
    return true
  }

  function dropOne(): void {
    const counts = new Map<SignalType, number>()
    for (const { type } of waiting) counts.set(type, (counts.get(type) ?? 0) + 1)
    const most = Math.max(...counts.values())
    waiting.splice(
      waiting.findIndex(({ type }) => counts.get(type) === most),
      1,
    )
    overflowed += 1
  }

  async function step(signal: AbortSignal): Promise<boolean> {
    const at = now()
    reach.look(at, true)
    reportOverflow()
    if (at < restUntil) return false
    const next = waiting.find(({ dueAt }) => dueAt <= at)
    if (!next) return false
    reach.expectBy(at + timeoutMs)
    await attempt(next, signal)
    return true
  }

  async function attempt(one: Waiting, signal: AbortSignal): Promise<void> {
    const proof = { id: one.id, timestampSec: Math.floor(now() / 1000), body: one.body }
    sending = one
    const result = await client.send(one.body, signStandardWebhook(secrets, proof), signal)
    sending = null
    if (signal.aborted && result.kind !== 'answer') return // what our own stop has cut off says nothing
    const at = now()
    reach.look(at, true)
    const place = waiting.indexOf(one)
    if (place >= 0) waiting.splice(place, 1)
    const error = errorOf(result)
    const attempts = one.attempts + 1
    const tried = isRateLimit(result)
      ? notCounted(one.tried)
      : triedAgain(one.tried, { at, reachableSince: reach.since(), maxAgeMs })
    const isOver = isGone(result) || isTriedFor(maxAgeMs, one.tried, tried)
    const outcome = error === null ? 'sent' : isOver ? 'dropped' : 'retry'
    failures = error === null ? 0 : failures + 1
    const asked = result.kind === 'answer' ? (result.retryAfterMs ?? undefined) : undefined
    if (error !== null) restUntil = at + retryDelayMs(failures, asked, backoff, random)
    if (isRateLimit(result)) reach.breakUntil(restUntil)
    const afterMs = outcome === 'retry' ? retryDelayMs(attempts, asked, backoff, random) : null
    // One that the queue has dropped meanwhile stays dropped.
    if (afterMs !== null && place >= 0) waiting.push({ ...one, attempts, tried, dueAt: at + afterMs })
    const status = result.kind === 'answer' ? result.status : null
    const { type, id } = one
    const attempted = { endpoint: name, type, id, attempt: attempts, outcome, status, error, afterMs } as const
    emit({ kind: 'notification.attempted', ...attempted, durationMs: Math.round(result.durationMs) })
  }

  function reportOverflow(): void {
    if (overflowed === 0) return
    emit({ kind: 'notification.dropped', endpoint: name, count: overflowed, reason: `more than ${maxWaiting} waiting` })
    overflowed = 0
  }

  return {
    name,
    take,
    step,
    nextAt() {
      if (waiting.length === 0) return null
      const at = Math.max(restUntil, Math.min(...waiting.map(({ dueAt }) => dueAt)))
      reach.expectBy(at)
      return at
    },
    clockSetBack() {
      restUntil = 0
      reach.look(now(), false)
      for (const [place, one] of waiting.entries()) waiting[place] = { ...one, dueAt: 0 }
    },
    handOver() {
      const given = waiting.filter((one) => one !== sending)
      waiting.splice(0, waiting.length, ...(sending && waiting.includes(sending) ? [sending] : []))
      return given
    },
    takeOver: (given) => void waiting.unshift(...given),
    async flush(signal) {
      for (let tries = waiting.length; tries > 0 && failures === 0 && !signal.aborted; tries -= 1) {
        const [next] = waiting
        if (next) await attempt(next, signal)
      }
      reportOverflow()
      if (waiting.length === 0) return
      emit({ kind: 'notification.dropped', endpoint: name, count: waiting.length, reason: 'the relay stops' })
      waiting.length = 0
    },
  }
}

function isRateLimit(result: PostResult): boolean {
  return result.kind === 'answer' && result.status === 429
}

function isGone(result: PostResult): boolean {
  return result.kind === 'answer' && result.status === 410
}

/** Null if the endpoint has taken it. */
function errorOf(result: PostResult): string | null {
  if (result.kind !== 'answer') return result.message
  return result.status >= 200 && result.status < 300 ? null : `status ${result.status}`
}
