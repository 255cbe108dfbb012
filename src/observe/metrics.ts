import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Signal } from '../domain/signal.ts'
import type { Deliver } from '../stages/deliver/deliver.ts'
import type { Intake } from '../stages/ports.ts'
import type { SourceRhythm } from '../stages/upkeep/watch.ts'
import type { LogState } from '../stages/upkeep/watch-store.ts'
import type { Stats } from '../store/contract/store.ts'

export interface Metrics {
  /** Counts what happened. */
  observe(signal: Signal): void
  /** The metrics in Prometheus' text format, gauges set from what the store says now. */
  render(
    stats: Stats,
    delivers: ReadonlyMap<string, Pick<Deliver, 'circuit' | 'limits'>>,
    rhythms: ReadonlyMap<string, SourceRhythm>,
    log: LogState,
    now: number,
  ): Promise<string>
  readonly contentType: string
}

const circuitStates = ['closed', 'open', 'disabled'] as const
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200]

/** The relay's metrics, in a registry of their own. Reasons and outcomes are words of a small set, never free text. */
export function createMetrics(intake: Pick<Intake, 'webhooks' | 'bytes'>, linesDropped: () => number): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `cms_relay_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: `cms_relay_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets = secondsBuckets,
  ) => new Histogram({ name: `cms_relay_${name}`, help, labelNames: [...labelNames], buckets, registers: [registry] })

  const received = counter('webhooks_received_total', 'Webhooks answered 202, duplicates included.', ['source'])
  const duplicates = counter('webhooks_duplicate_total', 'Webhooks whose delivery id was known.', ['source'])
  const answered = counter('webhooks_answered_total', 'Pings, tests and handshakes answered.', ['source'])
  const refused = counter('webhooks_refused_total', 'Webhooks refused, by code.', ['source', 'reason'])
  const accepting = histogram('accept_seconds', 'From the whole request to the commit.', ['source'])
  const mapped = counter('events_mapped_total', 'Events mapped, by status.', ['source', 'status'])
  const skipped = counter('events_skipped_total', 'Events skipped, by kind of reason.', ['source', 'reason'])
  const changes = counter('changes_total', 'Changes of items, by what became of them.', ['source', 'result'])
  const ahead = counter('versions_ahead_total', 'Changes whose version lay too far ahead to be believed.', ['source'])
  const staleRemovals = counter('removals_stale_total', 'Removals dropped as older than what is known.', ['source'])
  const fetches = counter('fetches_total', 'Requests to the APIs of CMSs, by outcome.', ['source', 'outcome'])
  const fetching = histogram('fetch_seconds', 'Duration of a request to the API of a CMS.', ['source'])
  const attempts = counter('attempts_total', 'HTTP attempts, by outcome.', ['destination', 'call', 'outcome'])
  const attempting = histogram('attempt_seconds', 'Duration of an HTTP attempt.', ['destination'])
  const delivered = counter('items_delivered_total', 'Items acknowledged.', ['destination'])
  const died = counter('items_dead_total', 'Items given up.', ['destination'])
  const latency = histogram('delivery_seconds', 'From receipt to acknowledgement, by item.', ['destination'])
  const failures = counter('step_failures_total', 'Failures of a loop, such as a store that cannot be written.', [
    'loop',
  ])
  new Counter({
    name: 'cms_relay_log_lines_dropped_total',
    help: 'Lines of the log that could not be written.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(linesDropped())
    },
  })
  const notifications = counter('notifications_total', 'Attempts of webhooks to the operator, by outcome.', [
    'endpoint',
    'outcome',
  ])
  const adminRefused = counter('admin_refused_total', 'Requests to the admin API without its token.', ['reason'])
  const adminDone = counter('admin_done_total', 'Acts and reads of bodies by the admin API.', [])
  const skew = gauge('destination_clock_skew_seconds', "How far the destination's clock is ahead.", ['destination'])

  const receiving = gauge('webhooks_receiving', 'Webhooks that wait for their answer.', [])
  const receivingBytes = gauge('webhooks_receiving_bytes', 'Bytes of bodies being received.', [])
  const eventsPending = gauge('events_pending', 'Events waiting to be mapped.', [])
  const eventsWaiting = gauge('events_waiting', "Events waiting for their CMS's API.", [])
  const eventsFailed = gauge('events_failed', 'Events that could not be mapped.', [])
  const items = gauge('items', 'Items by status.', ['destination', 'status'])
  const heldItems = gauge('items_held', 'Items that an operator keeps away.', ['destination'])
  const openBatches = gauge('batches_open', 'Batches sent or to be sent again.', ['destination'])
  const oldest = gauge('oldest_pending_seconds', 'Age of the oldest pending item, since its webhook.', ['destination'])
  const circuit = gauge('destination_state', '1 for the state that the destination is in.', ['destination', 'state'])
  const calls = gauge('calls_limit', 'Calls that may be under way at once now.', ['destination'])
  const batchItems = gauge('batch_items_limit', 'Items that a new call may have now.', ['destination'])
  const batchBytes = gauge('batch_bytes_limit', 'Bytes that a new call may have now.', ['destination'])
  const quiet = gauge('seconds_since_last_webhook', 'Since the last webhook that was received.', ['source'])
  const logBytes = gauge('store_log_bytes', "Size of the database's write-ahead log.", [])
  const logPages = gauge('store_log_pages', 'Pages of the log that are not worked into the database yet.', [])
  const logStuck = gauge('store_log_stuck_seconds', 'Since when a reader keeps the log from being worked in.', [])
  const silent = gauge('source_silent', '1 while a source is silent for unusually long.', ['source'])

  function observe(signal: Signal): void {
    switch (signal.kind) {
      case 'webhook.received':
        received.inc({ source: signal.source })
        if (signal.duplicate) duplicates.inc({ source: signal.source })
        accepting.observe({ source: signal.source }, signal.durationMs / 1000)
        break
      case 'webhook.answered':
        answered.inc({ source: signal.source })
        break
      case 'webhook.refused':
        refused.inc({ source: signal.source ?? 'unknown', reason: signal.code })
        break
      case 'event.mapped': {
        const { source, status } = signal
        mapped.inc({ source, status })
        if (status === 'skipped') skipped.inc({ source, reason: skipReasonOf(signal.reason) })
        for (const result of ['applied', 'unchanged', 'stale'] as const) changes.inc({ source, result }, signal[result])
        if (signal.held !== undefined) changes.inc({ source, result: 'held' }, signal.held)
        if (signal.ahead !== undefined) ahead.inc({ source }, signal.ahead)
        if (signal.staleRemovals !== undefined) staleRemovals.inc({ source }, signal.staleRemovals)
        break
      }
      case 'event.fetched':
        for (const { outcome, durationMs } of signal.requests) {
          fetches.inc({ source: signal.source, outcome })
          fetching.observe({ source: signal.source }, durationMs / 1000)
        }
        break
      case 'batch.attempted': {
        const { destination, call, outcome } = signal
        attempts.inc({ destination, call, outcome })
        attempting.observe({ destination }, signal.durationMs / 1000)
        delivered.inc({ destination }, signal.delivered)
        for (const ms of signal.latenciesMs) latency.observe({ destination }, ms / 1000)
        break
      }
      case 'item.dead':
        died.inc({ destination: signal.destination })
        break
      case 'destination.clock_skew':
        skew.set({ destination: signal.destination }, signal.skewMs / 1000)
        break
      case 'step.failed':
        failures.inc({ loop: signal.loop })
        break
      case 'notification.attempted':
        notifications.inc({ endpoint: signal.endpoint, outcome: signal.outcome })
        break
      case 'notification.dropped':
        notifications.inc({ endpoint: signal.endpoint, outcome: 'dropped' }, signal.count)
        break
      case 'admin.refused':
        adminRefused.inc({ reason: signal.code }, signal.count)
        break
      case 'admin.done':
        adminDone.inc()
        break
      case 'item.delivered': // counted with the call
      case 'webhook.rate_limited': // and each that was refused with its refusal
      case 'item.version_ahead': // counted with the event
      case 'item.removal_stale':
      case 'clock.stepped_back':
      case 'destination.retargeted':
      case 'destination.unconfigured':
      case 'source.unconfigured':
      case 'store.lost':
      case 'store.back':
      case 'store.log_grows':
      case 'source.silent':
      case 'source.resumed':
      case 'config.reloaded':
      case 'config.refused':
      case 'destination.tested':
      case 'destination.changed':
        break // shown by the gauge
    }
  }

  return {
    contentType: registry.contentType,
    observe,
    render(stats, delivers, rhythms, log, now) {
      logBytes.set(log.logBytes)
      logPages.set(log.logPages)
      logStuck.set(log.stuckSince === null ? 0 : Math.max(0, now - log.stuckSince) / 1000)
      receiving.set(intake.webhooks)
      receivingBytes.set(intake.bytes)
      eventsPending.set(stats.eventsPending)
      eventsWaiting.set(stats.eventsWaiting)
      eventsFailed.set(stats.eventsFailed)
      for (const row of stats.destinations) {
        const { destination } = row
        for (const status of ['pending', 'delivered', 'dead'] as const) items.set({ destination, status }, row[status])
        heldItems.set({ destination }, row.held)
        openBatches.set({ destination }, row.openBatches)
        oldest.set({ destination }, row.oldestPendingAt === null ? 0 : Math.max(0, now - row.oldestPendingAt) / 1000)
      }
      for (const [destination, deliver] of delivers) {
        const { state } = deliver.circuit()
        for (const one of circuitStates) circuit.set({ destination, state: one }, one === state ? 1 : 0)
        const limits = deliver.limits()
        calls.set({ destination }, limits.calls)
        batchItems.set({ destination }, limits.items)
        batchBytes.set({ destination }, limits.bytes)
      }
      for (const [source, { lastAt, silentAt }] of rhythms) {
        if (lastAt !== null) quiet.set({ source }, Math.max(0, now - lastAt) / 1000)
        silent.set({ source }, silentAt === null ? 0 : 1)
      }
      return registry.metrics()
    },
  }
}

/** Skip reasons are sentences for people; a label needs a word. */
function skipReasonOf(reason: string | null): string {
  if (reason === 'stale') return 'stale'
  if (reason?.startsWith('no record')) return 'unmatched'
  return reason?.includes('is not registered') ? 'unregistered' : 'mapper'
}
