import { z } from 'zod'
import { notifiableTypes } from '../domain/signal-type.ts'
import { duration, period, size } from '../domain/units.ts'
import { modelsSchema } from '../mapping/definition/models.ts'
import { htmlPolicySchema } from '../mapping/safe-html/mapper.ts'
import { createAllowed } from '../verify/allowed-addresses.ts'
import { isAnyHost } from './host.ts'
import type { HasOrigins } from './origins.ts'

/** What must stand there, for values that have one of several forms. */
const must = (text: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    input === undefined ? 'is required' : `must be ${text}${input === null ? ', and nothing stands here' : ''}`,
})

/** A blank one is what a file with nothing but line breaks gives, and anyone would guess it. */
const secret = z.string().regex(/\S/, { error: 'must not be empty' })
const secrets = z.union([secret, z.array(secret).min(1)], {
  error: ({ input }) =>
    typeof input === 'string' ? 'must not be empty' : 'must be text, or a list of texts: digits alone need quotes',
})
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'names are letters, digits, - and _, at most 64' })
const host = z
  .string()
  .regex(/^[A-Za-z0-9.-]+(:\d+)?$/, { error: 'must be a host name without scheme and path, such as example.com' })
  .transform((text) => text.toLowerCase())
const flag = z
  .union([z.boolean(), z.enum(['true', 'false', 'True', 'False', '1', '0'])], must('true or false'))
  .transform((value) => (typeof value === 'boolean' ? value : value.toLowerCase() === 'true' || value === '1'))
const httpUrl = z.url({ protocol: /^https?$/, ...must('an absolute http(s) url, such as https://example.com') })

/** A whole number, or its digits as a variable gives them. */
function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  const number = z.int().min(least).max(most)
  const digits = z.string().regex(/^\d+$/).transform(Number).pipe(number)
  const range = most === Number.MAX_SAFE_INTEGER ? `, at least ${least}` : ` from ${least} to ${most}`
  return z.union([number, digits], must(`a whole number${range}`))
}

/** To listen on: IPv6 addresses hold colons, too. */
const address = z
  .string()
  .min(1)
  .regex(/^[^/\s]*$/, { error: 'must be an address without scheme and path, such as 0.0.0.0' })
  .regex(/^([^:]*|.*:.*:.*)$/, { error: 'must be an address alone: `port` has the port' })

/** Names that stand for the addresses of private networks. */
const privateRanges = new Set(['loopback', 'linklocal', 'uniquelocal'])

const proxies = must('true, false, or addresses and ranges such as 10.0.0.0/8')

function areProxies(addresses: readonly string[]): boolean {
  const ranges = addresses.map((one) => one.trim()).filter((one) => !privateRanges.has(one))
  return addresses.length > 0 && (ranges.length === 0 || createAllowed(ranges) !== null)
}

const server = z
  .strictObject({
    host: address.default('0.0.0.0').describe('Address to listen on.'),
    port: whole(0, 65535).prefault(8080).describe('Port to listen on; 0 takes a free one. `PORT` overrides.'),
    body_limit: size.prefault('5mb').describe('Largest webhook body, also after decompression; more is answered 413.'),
    trust_proxy: z
      .union(
        [
          flag,
          z.string().refine((text) => areProxies(text.split(',')), proxies),
          z.array(z.string()).refine(areProxies, proxies),
        ],
        proxies,
      )
      .default(false)
      .describe('Whose X-Forwarded-* headers count: true, or addresses and CIDR ranges of the proxies.'),
    admin_token: z
      .union([z.literal(''), z.string().min(16, { error: 'must have at least 16 characters' })])
      .optional()
      .describe('Bearer token of the admin API; without one the API is off. `RELAY_ADMIN_TOKEN` overrides.'),
    public_url: httpUrl
      .refine((text) => !/[?#]/.test(text), { error: 'must have no query and no fragment' })
      .optional()
      .describe(
        'The address that a CMS reaches the relay at, such as https://relay.example.com. Printed in the URLs to paste; schemes that sign the URL go by it.',
      ),
    admin: z
      .strictObject({
        host: address.default('127.0.0.1').describe('Address of the listener for operators.'),
        port: whole(0, 65535).describe('Its port; 0 takes a free one.'),
      })
      .optional()
      .describe('A listener of its own for the admin API and `/metrics`; the public one has them no more.'),
    shutdown_grace: duration.prefault('10s').describe('How long requests and calls under way may take after SIGTERM.'),
  })
  .superRefine(({ host, port, admin }, context) => {
    if (!admin || admin.port === 0 || admin.port !== port) return
    if (admin.host !== host && ![admin.host, host].some(isAnyHost)) return
    const message = `is the port of the public listener, ${host}:${port}: give the listener for operators one of its own`
    context.addIssue({ code: 'custom', path: ['admin', 'port'], message })
  })

const delivery = z.strictObject({
  debounce: duration.prefault('1s').describe('How long an item rests after a change before it is sent.'),
  max_wait: duration.prefault('15s').describe('How long an item that keeps changing waits at most.'),
  max_items: whole(1, 500).prefault(500).describe('Most items in one call.'),
  max_bytes: size.prefault('4mb').describe('Largest size of one call.'),
  concurrency: whole(1, 64).prefault(2).describe('Most calls under way at once.'),
  timeout: period.prefault('15s').describe('Limit for connecting, for the headers and for the whole answer.'),
})

const retry = z.strictObject({
  base: duration.prefault('1s').describe('Longest first wait; doubles with each attempt (full jitter).'),
  cap: duration.prefault('10m').describe('Longest wait; also the limit for a `Retry-After`.'),
  max_age: duration
    .prefault('72h')
    .describe('An item that was tried in vain for so long is dead. Pauses do not count.'),
})

const destination = z.strictObject({
  token: z
    .string()
    .regex(/^[^.\s]+\.\S+$/, { error: 'must be connectorId.secret' })
    .describe('The connector token, `connectorId.secret`.'),
  website_id: z.string().min(1).describe('The website that the token is scoped to.'),
  site_domain: host.describe("Host of every item's url, without scheme."),
  aliases: z
    .array(host)
    .default([])
    .describe('Further hosts that the ingest API knows for the site, such as www.example.com: urls may be on them.'),
  base_url: httpUrl.default('https://api.bainquet.online/v1/ingest').describe('Root of the ingest API.'),
  connector_type: z.string().min(1).default('api').describe('Sent as X-Connector-Type.'),
  connector_version: z.string().min(1).default('1.0.0').describe('Sent as X-Connector-Version.'),
  default_language: z.string().optional().describe('BCP-47 language of items that name none.'),
  enabled: flag.default(true).describe('False: changes are kept, nothing is sent.'),
  insecure: flag.default(false).describe('True: `http://` urls are allowed to hosts that are not private, too.'),
  delivery: delivery.prefault({}),
  retry: retry.prefault({}),
})

const fetch = z.strictObject({
  base_url: httpUrl
    .optional()
    .describe("Root of the CMS's API, where the mapper does not know it; nothing outside of it is asked."),
  token: secret.optional().describe("Credential of the CMS's API; the mapper knows where it goes."),
  query: z
    .record(z.string(), z.string())
    .default({})
    .describe('More that every request has in its query. Kept secret.'),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/, { error: 'names of headers are letters, digits and -' }), z.string())
    .default({})
    .describe('More headers of every request. Kept secret.'),
  allow_private: flag
    .default(false)
    .describe('True: the API may be at a private or loopback address. Link-local ones are never asked.'),
  insecure: flag.default(false).describe('True: `http://` urls are allowed to hosts that are not private, too.'),
  timeout: period.prefault('10s').describe('Limit for a request, to the last byte of the answer.'),
  max_bytes: size.prefault('10mb').describe('Size of an answer.'),
  concurrency: whole(1, 64).prefault(4).describe('Requests under way at once.'),
  max_age: duration
    .prefault('24h')
    .describe('An event whose answers were asked for in vain for so long is failed. Pauses do not count.'),
  max_lag: duration
    .prefault('5m')
    .describe(
      'How long an answer that is older than the webhook, or a 404 for what was just published, is asked for again.',
    ),
})

export const sourceSchema = z.strictObject({
  mapper: z.string().min(1).describe('A built-in mapper or one of your own.'),
  destination: z
    .union([name, z.array(name).min(1)], must('the name of a destination, or a list of names'))
    .describe('Where the items go: a destination or a list.'),
  enabled: flag.default(true).describe('False: its webhooks are answered 404.'),
  secret: secrets.optional().describe('What the sender signs with or shows; a list while rotating.'),
  verify: z
    .union(
      [z.literal('none'), z.looseObject({ scheme: z.string().optional(), secret: secrets.optional() })],
      must('none, or a map such as { scheme: header, header: x-token }'),
    )
    .optional()
    .describe('How webhooks are verified, over what the mapper says; `none` accepts anyone. See Verification below.'),
  vars: z.record(z.string(), z.unknown()).default({}).describe('What the mapper asks for, such as the site origin.'),
  models: modelsSchema.default({}).describe('Headless systems: which models may leave, and how.'),
  fetch: fetch.prefault({}),
  html: htmlPolicySchema
    .default('safe')
    .describe(
      '`safe`: scripts, event handlers, forms, frames of unknown hosts, tracking pixels and comments are taken out of `html`. `as_is`: it is handed on as the CMS sent it.',
    ),
  allow_from: z
    .array(z.string())
    .min(1)
    .refine((ranges) => createAllowed(ranges) !== null, {
      error: 'must be addresses and ranges such as 203.0.113.0/24',
    })
    .optional()
    .describe(
      'Addresses and ranges that webhooks may come from; others are answered 401. For senders that show only a fixed token. Behind a proxy, `server.trust_proxy` says whose word on the address counts.',
    ),
  silent_after: z
    .union([z.enum(['auto', 'off']), duration], must('auto, off, or a duration such as 36h'))
    .prefault('auto')
    .describe(
      'After how long without a webhook the source is called silent: a duration, `off`, or `auto`: twice the longest gap of the last 28 days, at least 1h, once 20 webhooks over 7 days are known.',
    ),
  max_clock_lead: duration
    .prefault('5m')
    .describe(
      'How far ahead of its receipt the version of a record may lie: a time further ahead counts as the time of receipt.',
    ),
  rate_limit: z
    .strictObject({
      max: whole(1).describe('Webhooks in a window; more are answered 429. Without `rate_limit` there is no limit.'),
      window: period.prefault('1m').describe('The window.'),
    })
    .optional(),
})

/** Standard Webhooks: 24 to 64 bytes of randomness. */
const webhookSecret = z.string().refine(
  (text) => {
    const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? ''
    const { length } = Buffer.from(base64, 'base64')
    return length >= 24 && length <= 64
  },
  { error: 'must be whsec_ and the base64 of 24 to 64 bytes' },
)

const notified = [
  'event.failed',
  'item.dead',
  'destination.disabled',
  'destination.recovered',
  'source.silent',
  'source.resumed',
  'webhook.rate_limited',
  'store.lost',
] as const

const signalTypes = z.array(z.enum(notifiableTypes)).min(1)

const signalFields = z.strictObject({
  url: httpUrl.describe('Where to. Kept secret.'),
  secret: z
    .union([webhookSecret, z.array(webhookSecret).min(1)])
    .describe('`whsec_…`, of Standard Webhooks; with a list, while rotating, each makes a signature.'),
  types: signalTypes.optional().describe('Which signals.'),
  events: z.array(z.string()).pipe(signalTypes).optional().describe('The older name of `types`; it goes in 0.3.0.'),
  allow_private: flag
    .default(true)
    .describe('False: the url may not lead to a private or loopback address. Link-local ones are never asked.'),
  insecure: flag.default(false).describe('True: `http://` urls are allowed to hosts that are not private, too.'),
  timeout: period.prefault('10s').describe('Limit for a request.'),
})

/** A webhook to the operator. */
export const signalSchema = signalFields
  .refine(({ types, events }) => types === undefined || events === undefined, {
    path: ['events'],
    error: 'is the older name of types: give one of the two',
  })
  .transform((given) => ({ ...given, types: given.types ?? given.events ?? [...notified] }))

/** The whole configuration. Declares, defaults, checks and documents each setting. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  store: z
    .string()
    .regex(/^sqlite:.+/, { error: 'must be sqlite:PATH, such as sqlite:./data/relay.db' })
    .default('sqlite:./data/relay.db')
    .describe('Where everything is kept: sqlite:PATH. `RELAY_STORE` overrides.'),
  destinations: z.record(name, destination).default({}).describe('Websites at an ingest API, by name.'),
  sources: z.record(name, sourceSchema).default({}).describe('Where webhooks come from; the name is in the URL.'),
  signals: z.array(signalSchema).max(16).default([]).describe('Webhooks to yourself.'),
  mappers_dir: z.string().min(1).optional().describe('Folder of your own mappers, beside the built-in ones.'),
  retention: z
    .strictObject({
      events: period.prefault('7d').describe('How long settled events are kept, and the numbers by the minute.'),
      attempts: period.prefault('30d').describe('How long settled batches and their attempts are kept.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('Least level that is logged. `LOG_LEVEL` overrides.'),
      format: z
        .enum(['auto', 'pretty', 'json'])
        .default('auto')
        .describe(
          '`pretty`: lines for people; `json`: one object a line; `auto`: pretty at a terminal, else json. `LOG_FORMAT` overrides.',
        ),
    })
    .prefault({}),
})

export type Config = z.output<typeof configSchema> & HasOrigins
export type SourceConfig = Config['sources'][string]
export type DestinationConfig = Config['destinations'][string]
