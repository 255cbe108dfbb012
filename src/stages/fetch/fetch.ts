import { type FetchOutcome, judge } from '../../cms-api/outcome.ts'
import { messageOf } from '../../domain/errors.ts'
import { type FetchAnswer, type FetchRequest, fetchKeyOf, fetchText } from '../../domain/fetch.ts'
import { retryDelayMs } from '../../domain/retry.ts'
import { createReach, isTriedFor, notCounted, triedAgain } from '../../domain/tried.ts'
import { readJson } from '../../json/read.ts'
import type { Webhook } from '../../mapping/webhook/webhook.ts'
import type { Mapping } from '../../store/contract/mapping.ts'
import type { Fetch, MappedEvent, WaitingEvent } from '../../store/contract/store.ts'
import {
  boundedText,
  type EventMapping,
  failedEvent,
  mapEvent,
  reportMapped,
  touchedBy,
  webhookOf,
} from '../map/map-event.ts'
import type { StageDeps } from '../ports.ts'
import type { Source, SourceFetch } from '../source.ts'

type FetchingDeps = Pick<StageDeps, 'destinations' | 'owner' | 'bodyLimit' | 'now' | 'random' | 'emit' | 'onChanges'>

interface FetchDeps extends FetchingDeps {
  readonly store: Pick<Mapping, 'claimWaiting' | 'settleEvents' | 'nextFetchAt'>
  readonly source: Source
}

export interface FetchStage {
  /** Each has one event under way at most. */
  readonly workers: readonly string[]
  /** Takes one event that is due, asks what it needs and settles it. Answers whether there was one. */
  step(worker: string, signal: AbortSignal): Promise<boolean>
  /** When the next event is due, or null. */
  nextAt(): Promise<number | null>
  /** Ends a pause: the time that it waits for may be far off now. */
  clockSetBack(): void
}

/** An event that waits is due again by then. */
export const longestFetchWaitMs = 300_000
const backoff = { baseMs: 1_000, capMs: longestFetchWaitMs }
/** An event that is not through by then goes on later, from the start; its claim lasts a good while longer. */
const eventLimitMs = 300_000
const leaseMs = 2 * eventLimitMs
/** Answers may lead to further requests: a reference first, then what it refers to. */
const maxRounds = 5
const maxRequests = 500
/** What the answers for one event may cost in memory. Characters. */
const maxTextLength = 64 * 1024 * 1024

/**
 * Gets what events have to know from the API of a source's CMS:
 *
 *     waiting ──claim, ask, map──▶ processed | skipped | failed
 *        ▲                            │ the API fails, or has only what is older than the webhook
 *        └── backoff, Retry-After ────┘ until `max_age` or `max_lag`; the records that are known count at once
 *
 * Both count only the time in which the API could be asked. A crash leaves the claim, which is taken back: the API is asked
 * again, which changes nothing there.
 */
export function createFetch(deps: FetchDeps): FetchStage {
  const { store, source, owner, now, random, emit, onChanges } = deps
  const settings = source.fetch
  if (settings === null) throw new Error(`source '${source.name}' fetches nothing`)
  const inSlot = createSlots(settings.concurrency)
  const reach = createReach(now())
  let pausedUntil = 0 // after a 429 the whole source rests: another event would meet with the same

  async function step(worker: string, signal: AbortSignal): Promise<boolean> {
    const at = now()
    reach.look(at, at >= pausedUntil)
    if (at < pausedUntil || signal.aborted) return false
    const event = await store.claimWaiting({ owner: worker, source: source.name, leaseMs })
    if (event === null) return false
    reach.expectBy(at + eventLimitMs)
    using limit = limitOf(signal)
    const asking = createAsking(settings!, now, inSlot, limit.signal)
    const mapped = await fetchEvent(event, asking)
    reach.look(now(), true)
    if (signal.aborted) return false // its claim is taken back at the next start
    if (asking.restMs !== null) rest(asking.restMs)
    const settledAt = now()
    const [counts] = await store.settleEvents(worker, [mapped])
    if (counts) report(event, mapped, asking, settledAt - at)
    reportMapped(event, mapped, counts, settledAt, emit)
    const touched = touchedBy([mapped])
    if (counts && touched.size > 0) onChanges(touched)
    return true
  }

  function rest(ms: number): void {
    pausedUntil = Math.max(pausedUntil, now() + Math.min(ms, backoff.capMs))
    reach.breakUntil(pausedUntil)
  }

  async function fetchEvent(event: WaitingEvent, asking: Asking): Promise<MappedEvent> {
    let webhook: Webhook
    try {
      webhook = await webhookOf(event, deps.bodyLimit())
    } catch (error) {
      return { ...failedEvent(event, messageOf(error), source), fetches: [] }
    }
    const map = (acceptsOlder: boolean) =>
      mapEvent(event, webhook, source, deps.destinations, {
        answers: asking.answer,
        askedAt: asking.startedAt,
        acceptsOlder,
      })
    let mapping = await map(false)
    for (let round = 0; round < maxRounds && mapping.requests.length > 0; round++) {
      await asking.ask(mapping.requests)
      mapping = await map(false)
    }
    const wait = waitOf(event, mapping, asking)
    if (wait !== null) return { ...mapping.mapped, outcome: wait, fetches: asking.fetches }
    if (mapping.late.length > 0) mapping = await map(true)
    const left = mapping.requests[0]
    if (left === undefined) return { ...mapping.mapped, fetches: asking.fetches }
    const error = `asks for more and more: ${fetchText(left)} after ${maxRounds} rounds of requests`
    return { ...mapping.mapped, outcome: { status: 'failed', error }, fetches: asking.fetches }
  }

  /** Whether and how long an event goes on waiting; null if it is to be settled with what is known. */
  function waitOf(
    { tried: before, attempts }: WaitingEvent,
    { late }: EventMapping,
    { failures }: Asking,
  ): MappedEvent['outcome'] | null {
    const { maxAgeMs, maxLagMs } = settings!
    const passing = failures.filter(({ isFinal }) => !isFinal)
    const isLimited = passing.some(({ isLimit }) => isLimit)
    const tried = isLimited
      ? notCounted(before)
      : triedAgain(before, { at: now(), reachableSince: reach.since(), maxAgeMs })
    const isWorthIt =
      (passing.length > 0 && !isTriedFor(maxAgeMs, before, tried)) ||
      (late.length > 0 && !isTriedFor(maxLagMs, before, tried))
    if (!isWorthIt) return null
    const asked = passing.map(({ afterMs }) => afterMs).filter((ms) => ms !== undefined)
    const delayMs = retryDelayMs(attempts + 1, asked.length > 0 ? Math.max(...asked) : undefined, backoff, random)
    const error = boundedText([...passing.map(({ text }) => text), ...late])
    return { status: 'waiting', dueAt: now() + delayMs, attempts: attempts + 1, tried, error }
  }

  function report(event: WaitingEvent, { outcome }: MappedEvent, { fetches }: Asking, durationMs: number): void {
    emit({
      kind: 'event.fetched',
      eventId: event.id,
      source: source.name,
      topic: event.topic,
      attempt: event.attempts + 1,
      requests: fetches.map((fetch) => ({ outcome: fetch.outcome, durationMs: fetch.durationMs })),
      status: outcome.status,
      error: outcome.status === 'failed' || outcome.status === 'waiting' ? outcome.error : null,
      afterMs: outcome.status === 'waiting' ? outcome.dueAt - now() : null,
      durationMs,
    })
  }

  return {
    workers: Array.from({ length: settings.concurrency }, (_, index) => `${owner} fetch ${source.name} ${index}`),
    step,
    async nextAt() {
      const dueAt = await store.nextFetchAt(source.name)
      if (dueAt === null) return null
      const at = Math.max(dueAt, pausedUntil)
      reach.expectBy(at)
      return at
    },
    clockSetBack() {
      pausedUntil = 0
      reach.look(now(), false)
    },
  }
}

/** A signal that aborts with another one, or when the time for one event is over. */
function limitOf(outer: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const inner = new AbortController()
  const abort = () => inner.abort()
  const timer = setTimeout(abort, eventLimitMs)
  outer.addEventListener('abort', abort, { once: true })
  if (outer.aborted) abort()
  return {
    signal: inner.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      outer.removeEventListener('abort', abort)
    },
  }
}

interface Failure {
  readonly text: string
  readonly isFinal: boolean
  readonly isLimit: boolean
  readonly afterMs: number | undefined
}

/** The requests of one event and what came of them. */
interface Asking {
  /** Asks what has not been asked yet. */
  ask(requests: readonly FetchRequest[]): Promise<void>
  answer(request: FetchRequest): FetchAnswer | undefined
  readonly fetches: readonly Fetch[]
  /** When the first of them was asked. */
  readonly startedAt: number | undefined
  readonly failures: readonly Failure[]
  /** How long the API wants to be left alone; null if it does not. Milliseconds. */
  readonly restMs: number | null
}

function createAsking(
  { client, credentials }: SourceFetch,
  now: () => number,
  inSlot: InSlot,
  signal: AbortSignal,
): Asking {
  const answers = new Map<string, FetchAnswer>()
  const fetches: Fetch[] = []
  const failures: Failure[] = []
  let asked = 0
  let textLength = 0
  let restMs: number | null = null
  let startedAt: number | undefined

  function fail(
    request: FetchRequest,
    error: string,
    isFinal: boolean,
    { afterMs, isLimit = false }: { readonly afterMs?: number | undefined; readonly isLimit?: boolean } = {},
  ): FetchAnswer {
    const text = `${fetchText(request)}: ${error}`
    failures.push({ text, isFinal, isLimit, afterMs })
    return { kind: 'failed', error: text }
  }

  async function askOne(request: FetchRequest): Promise<FetchAnswer> {
    if (asked >= maxRequests) return fail(request, `one event may ask for ${maxRequests} answers`, true)
    asked += 1
    const at = now()
    startedAt ??= at
    const result = await client.send(request, signal)
    const { method, url } = request
    const status = result.kind === 'answer' ? result.status : null
    const keep = (outcome: FetchOutcome, error: string | null) =>
      void fetches.push({ at, durationMs: result.durationMs, method, url, status, outcome, error })
    const judgement = judge(result, request, credentials)
    if (judgement.kind === 'failed') {
      const { outcome, error, isFinal, afterMs } = judgement
      if (outcome === 'rate_limited' && afterMs !== undefined) restMs = Math.max(restMs ?? 0, afterMs)
      keep(outcome, error)
      return fail(request, error, isFinal, { afterMs, isLimit: outcome === 'rate_limited' })
    }
    if (judgement.kind === 'gone') {
      keep('gone', null)
      return { kind: 'gone' }
    }
    textLength += judgement.text.length
    if (textLength > maxTextLength) {
      keep('too_large', null)
      return fail(request, 'the answers for one event are too large together', true)
    }
    try {
      const body = readJson(judgement.text)
      keep('found', null)
      return { kind: 'found', body }
    } catch (error) {
      keep('not_json', messageOf(error))
      return fail(request, `the answer is no JSON: ${messageOf(error)}`, false)
    }
  }

  return {
    async ask(requests) {
      const fresh = requests.filter((request) => !answers.has(fetchKeyOf(request)))
      await Promise.all(
        fresh.map(async (request) => answers.set(fetchKeyOf(request), await inSlot(() => askOne(request)))),
      )
    },
    answer: (request) => answers.get(fetchKeyOf(request)),
    get startedAt() {
      return startedAt
    },
    fetches,
    failures,
    get restMs() {
      return restMs
    },
  }
}

type InSlot = <T>(run: () => Promise<T>) => Promise<T>

/** Lets so many run at once; the others wait for a slot. */
function createSlots(limit: number): InSlot {
  let running = 0
  const waiting: (() => void)[] = []
  return async function inSlot(run) {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
