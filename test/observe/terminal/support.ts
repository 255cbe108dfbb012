import type { DeliveredItem, Signal } from '../../../src/domain/signal.ts'
import type { Line } from '../../../src/observe/terminal/line.ts'
import type { Standing, Surroundings } from '../../../src/observe/terminal/surroundings.ts'

type Kind = Signal['kind']
type Of<K extends Kind> = Extract<Signal, { kind: K }>

/** A relay with two sources and one destination. */
export function createAround(over: Partial<Surroundings> = {}): Surroundings {
  return {
    sources: () => ['shop', 'blog'],
    destinations: () => ['main'],
    proofOf: () => 'signature',
    standingOf: () => ({ state: 'closed', reason: null, maxWaitMs: 15_000 }),
    ...over,
  }
}

export const standing = (over: Partial<Standing>): Standing => ({
  state: 'closed',
  reason: null,
  maxWaitMs: 15_000,
  ...over,
})

export const mapped = (over: Partial<Of<'event.mapped'>> = {}): Of<'event.mapped'> => ({
  kind: 'event.mapped',
  eventId: 'evt_2',
  source: 'shop',
  deliveryId: null,
  topic: 'products/update',
  bytes: 100,
  mapper: 'shopify',
  status: 'processed',
  reason: null,
  applied: 1,
  unchanged: 0,
  stale: 0,
  items: [{ destination: 'main', type: 'product', id: 'product:1' }],
  durationMs: 20,
  ...over,
})

export const attempted = (over: Partial<Of<'batch.attempted'>> = {}): Of<'batch.attempted'> => ({
  kind: 'batch.attempted',
  batchId: 'bat_1',
  destination: 'main',
  call: '/item',
  items: 1,
  item: { type: 'product', id: 'product:1' },
  bytes: 400,
  attempt: 1,
  status: 200,
  outcome: 'settled',
  error: null,
  requestId: 'r_1',
  durationMs: 30,
  delivered: 1,
  latenciesMs: [700],
  ...over,
})

export const delivered = (over: Partial<Of<'item.delivered'>> = {}): Of<'item.delivered'> => ({
  kind: 'item.delivered',
  destination: 'main',
  batchId: 'bat_1',
  items: [sentItem(1)],
  ...over,
})

/** An item that was sent with what an event, or an operator, has wanted. */
export const sentItem = (
  id: number,
  eventId: string | null = 'evt_2',
  source: string | null = 'shop',
): DeliveredItem => {
  return { type: 'product', id: `product:${id}`, source, eventId }
}

export const dead = (over: Partial<Of<'item.dead'>> = {}): Of<'item.dead'> => ({
  kind: 'item.dead',
  destination: 'main',
  type: 'product',
  id: 'product:1',
  error: 'status 400: item.invalid',
  ...over,
})

export const refused = (over: Partial<Of<'webhook.refused'>> = {}): Of<'webhook.refused'> => ({
  kind: 'webhook.refused',
  source: 'shop',
  code: 'unauthorized',
  reason: "webhook of source 'shop' is not verified: header x-sign does not match",
  bytes: 20,
  ...over,
})

const common = { source: 'shop', eventId: 'evt_2', destination: 'main', type: 'product', id: 'product:1' }
const tried = { attempt: 2, durationMs: 40 }

/** Of every kind what can be told differently; the compiler asks for a new one. */
export const samples: { readonly [K in Kind]: readonly Omit<Of<K>, 'kind'>[] } = {
  'webhook.received': [false, true].map((duplicate) => ({
    ...common,
    deliveryId: null,
    topic: null,
    bytes: 1,
    duplicate,
    durationMs: 3,
  })),
  'webhook.answered': [
    { source: 'shop', status: 200, bytes: 2 },
    { source: 'shop', status: 200, bytes: 2, note: 'confirm it' },
  ],
  'webhook.refused': [
    refused(),
    refused({ reason: "webhook of source 'shop' is not verified: header x-sign is missing or empty" }),
    refused({ reason: "webhook of source 'shop' is not verified: the timestamp is 900 s old; 300 s are tolerated" }),
    refused({
      reason: "webhook of source 'shop' is not verified: id in the body does not match: it is meant for someone else",
    }),
    refused({ code: 'rate_limited' }),
    refused({ source: null, code: 'not_found', reason: "unknown source 'shpo'" }),
    refused({ source: null, code: 'not_found', reason: "unknown source 'zzz'" }),
    refused({ code: 'not_found', reason: "unknown source 'shop'" }),
    refused({ code: 'address', reason: 'its address is not in allow_from' }),
    refused({ code: 'invalid', reason: 'body is not valid JSON' }),
    refused({ code: 'too_large', reason: 'Request body is too large' }),
    refused({ code: 'unsupported', reason: "content encoding 'x' is not supported" }),
    refused({ code: 'rate_limited', reason: "more than 5 webhooks of source 'shop' in 60 s, its rate_limit" }),
    refused({ code: 'unavailable', reason: 'the relay is stopping' }),
    refused({ code: 'overloaded', reason: 'the relay is receiving too many webhooks at once' }),
  ],
  'webhook.rate_limited': [{ source: 'shop', count: 12, reason: 'more than 5 webhooks' }],
  'admin.refused': [{ ip: '10.0.0.1', code: 'unauthorized', count: 1, requestId: 'req_1' }],
  'admin.done': [
    {
      who: 'admin',
      what: 'items.redelivered',
      target: null,
      status: 200,
      ip: '10.0.0.1',
      requestId: 'req_1',
      count: 3,
      filter: {},
      dryRun: true,
    },
    { who: 'admin', what: 'GET /api/v1/events/:id', target: 'evt_1', status: 200, ip: '10.0.0.1', requestId: 'req_1' },
  ],
  'event.mapped': [
    mapped(),
    mapped({ status: 'failed', reason: 'no title\nno url', applied: 0 }),
    mapped({ status: 'skipped', reason: 'a draft', applied: 0, items: [] }),
    mapped({ status: 'skipped', reason: 'stale', applied: 0, stale: 1 }),
    mapped({ applied: 0, unchanged: 1 }),
    mapped({ applied: 0, held: 1 }),
    mapped({ applied: 0, items: [] }),
  ],
  'item.version_ahead': [{ ...common, version: '2099-01-01T00:00:00Z', countedAs: '2026-01-01T00:00:00Z', count: 4 }],
  'item.removal_stale': [{ ...common, version: null, known: '7', count: 1 }],
  'event.fetched': [
    { ...common, ...tried, topic: 'x', requests: [], status: 'processed', error: null, afterMs: null },
    {
      ...common,
      ...tried,
      topic: 'x',
      requests: [{ outcome: 'failed', durationMs: 5 }],
      status: 'waiting',
      error: 'status 500',
      afterMs: 4_000,
    },
  ],
  'batch.attempted': [
    attempted(),
    ...['retry', 'unauthorized', 'conflict', 'split', 'stuck', 'rejected', 'other'].map((outcome) =>
      attempted({
        outcome,
        error: 'status 503: busy',
        delivered: 0,
        latenciesMs: [],
        items: 12,
        item: null,
        attempt: 3,
      }),
    ),
  ],
  'item.delivered': [delivered()],
  'item.dead': [dead()],
  'destination.changed': (['closed', 'open', 'disabled'] as const).map((state) => ({
    destination: 'main',
    state,
    reason: 'status 401',
  })),
  'destination.tested': (['accepted', 'refused', 'unclear'] as const).map((result) => ({
    destination: 'main',
    result,
    status: 200,
    error: 'status 401',
    durationMs: 9,
  })),
  'clock.stepped_back': [{ byMs: 90_000 }],
  'destination.retargeted': [{ destination: 'main', changed: ['site_domain'], resent: 5, mappedAgain: 1, dead: 0 }],
  'destination.unconfigured': [{ destination: 'old', pending: 2, dead: 0, advice: 'configure it again' }],
  'source.unconfigured': [{ source: 'old', waiting: 2, failed: 0, advice: 'configure it again' }],
  'store.lost': [{ error: 'database ./data/relay.db has lost its log' }],
  'store.back': [{}],
  'store.log_grows': [{ logBytes: 70_000_000, logPages: 17_000, stuckMs: 600_000 }],
  'destination.clock_skew': [600_000, -600_000].map((skewMs) => ({ destination: 'main', skewMs })),
  'source.silent': [{ source: 'shop', lastAt: 0, silentMs: 8_000_000, limitMs: 3_600_000 }],
  'source.resumed': [{ source: 'shop', silentMs: 300_000_000 }],
  'notification.attempted': (['sent', 'retry', 'dropped'] as const).map((outcome) => ({
    ...tried,
    endpoint: 'https://ops.example.com',
    type: 'item.dead',
    id: 'ntf_1',
    outcome,
    status: 500,
    error: 'status 500',
    afterMs: outcome === 'retry' ? 2_000 : null,
  })),
  'notification.dropped': [{ endpoint: 'https://ops.example.com', count: 3, reason: 'the relay stops' }],
  'config.reloaded': [
    { changes: [], needsRestart: [], warnings: [] },
    { changes: ['replace source shop: has another secret'], needsRestart: ['server.port'], warnings: [] },
    { changes: ['stop destination main'], needsRestart: [], warnings: ["12 items wait for destination 'main'"] },
  ],
  'config.refused': [{ issues: [': no YAML', 'sources.shop: no mapper'] }],
  'step.failed': [{ loop: 'map', error: Object.assign(new Error('database is locked'), { name: 'RelayError' }) }],
}

/** Every sample as the signal that it is. */
export const everySignal: readonly Signal[] = Object.entries(samples).flatMap(([kind, some]) => {
  return (some as readonly object[]).map((fields) => ({ ...fields, kind }) as Signal)
})

/** A line in short: what a reader sees of it. */
export function textOf({ subject, topic, what, outcome, detail }: Line): string {
  return [subject, topic, what, detail ? `${outcome}: ${detail}` : outcome].filter(Boolean).join(' | ')
}
