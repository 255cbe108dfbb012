import { randomUUID } from 'node:crypto'
import type { LoadedConfig } from '../../../config/load.ts'
import { RelayError } from '../../../domain/errors.ts'
import type { InboundRequest } from '../../../domain/inbound-request.ts'
import { describeUnknown } from '../../../domain/unknown-name.ts'
import type { Mapper } from '../../../mapping/mapper.ts'
import { loadConfigOrSandbox } from '../../../sandbox/mode.ts'
import { freshDelivery, namedDelivery, withTopic } from '../../../stages/operate/fresh-delivery.ts'
import { deliveryOf } from '../../../stages/operate/preview-webhook.ts'
import { composeSender, type Sender } from '../../../wiring/sources.ts'
import type { CommandOptions } from '../../shared/options.ts'
import { accessIn } from '../../shared/relay-access.ts'
import { publicOrigin } from '../../shared/relay-address.ts'
import { print } from '../../shared/report.ts'
import { openRunningRelay } from '../../shared/running-relay.ts'
import { forSending } from '../../shared/uses.ts'
import { type FixtureOptions, headerOf, readFixture } from '../fixture-input.ts'
import { type Followed, follow } from './follow.ts'
import { type Outlook, outlookOfApi, outlookOfStore } from './outlook.ts'
import { postWebhook, type WebhookAnswer } from './post.ts'
import { describeRefusal } from './refusal.ts'
import { describeFollowed, describeSent, presentSent, type Sent } from './sent.ts'

export interface SendOptions extends CommandOptions, FixtureOptions {
  readonly source: string
  readonly topic?: string
  readonly url?: string
  readonly token?: string
  /** Whether the delivery id of the fixture stays. */
  readonly keepId: boolean
  readonly wait: boolean
}

/** How long it is waited for what becomes of a webhook. */
const waitMs = 30_000

/**
 * Sends one webhook to a running relay, signed as its source asks, and tells what became of it. Exit code 1 if it is refused, fails,
 * is given up, or is not done within half a minute.
 */
export async function send(options: SendOptions): Promise<void> {
  const { source: name, url, json, env } = options
  const loaded = await loadConfigOrSandbox(options.config, env, forSending(name))
  const { config } = loaded
  if (!Object.hasOwn(config.sources, name)) {
    throw new RelayError('not_found', describeUnknown('source', name, Object.keys(config.sources)))
  }
  const { mapper, scheme, sign } = await composeSender(config, name)
  const { delivery, note } = await prepared(options, mapper, sign)
  const origin = url ?? publicOrigin(config.server)
  const answer = await postWebhook(origin, delivery, env)
  if (answer.status >= 300) {
    throw new RelayError('invalid', describeRefusal({ answer, source: name, scheme }))
  }
  const sent: Sent = { url: `${origin}/webhooks/${name}`, status: answer.status, ...saidIn(answer), note }
  if (!json) print(sent, { json, text: () => describeSent(sent) })
  const { eventId } = sent
  const isWaited = options.wait && eventId !== null
  const outlook = isWaited ? await outlookFor(options, loaded) : null
  const followed = outlook && isWaited ? await seen(outlook, eventId) : null
  if (json || isWaited) {
    print(presentSent(sent, followed), { json, text: () => describeFollowed(followed, outlook !== null) })
  }
  if (followed && !isGood(followed)) throw new RelayError('invalid', `event ${eventId} has not come to what it should`)
}

/** The webhook as the CMS would send it now: with another delivery id, the topic that is asked for, and its proof. */
async function prepared(
  options: SendOptions,
  mapper: Mapper,
  sign: Sender['sign'],
): Promise<{ readonly delivery: InboundRequest; readonly note: string | null }> {
  const given = deliveryOf(readFixture(options), options.source)
  const { topic, keepId } = options
  const told = topic === undefined ? given : await withTopic(mapper, given, topic, headersOf(mapper, given))
  if (told === null) {
    const message = `mapper '${mapper.name}' reads the topic from the body: say it there, not with --topic`
    throw new RelayError('invalid', message)
  }
  const before = await namedDelivery(mapper, told)
  const fresh = keepId ? before : await freshDelivery(mapper, told, randomUUID())
  const delivery = signed(sign, hasGivenId(options, told, fresh.delivery) ? told : fresh.delivery)
  const { id } = await namedDelivery(mapper, delivery)
  const isOld = !keepId && id !== null && id === before.id
  return { delivery, note: isOld ? 'its delivery id is as given: what was sent before is a duplicate' : null }
}

function signed(sign: Sender['sign'], delivery: InboundRequest): InboundRequest {
  try {
    return sign(delivery, { nowMs: Date.now(), id: `msg_${randomUUID()}` })
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const hint = `cms-relay map --source ${delivery.source} shows what a webhook comes to, without a proof`
    throw new RelayError('invalid', `it can't be signed: ${error.message}; ${hint}`, { cause: error })
  }
}

/** Whether the id that a fresh delivery would replace stands in a header of the command line: then it is meant. */
function hasGivenId({ header }: FixtureOptions, told: InboundRequest, fresh: InboundRequest): boolean {
  return header.map(headerOf).some(([name]) => told.headers[name] !== fresh.headers[name])
}

/** Headers in which a topic may come. */
function headersOf({ headers }: Mapper, given: InboundRequest): readonly string[] {
  return headers === 'all' ? Object.keys(given.headers) : [...headers]
}

/** The relay's own envelope has the id; a mapper may have another answer for its CMS. */
function saidIn({ text }: WebhookAnswer): Pick<Sent, 'eventId' | 'said'> {
  try {
    const { data } = JSON.parse(text) as { data?: { event_id?: unknown; status?: unknown } }
    const { event_id: id, status } = data ?? {}
    if (typeof status === 'string') return { eventId: typeof id === 'string' ? id : null, said: status }
  } catch {}
  return { eventId: null, said: null }
}

/** The admin API if its token is known, else the store if it is on this machine. */
async function outlookFor(options: SendOptions, loaded: LoadedConfig): Promise<Outlook | null> {
  const access = accessIn(loaded, options)
  if (access !== null) return outlookOfApi(await openRunningRelay(access))
  return options.url === undefined ? outlookOfStore(loaded.config) : null
}

async function seen(outlook: Outlook, eventId: string): Promise<Followed | null> {
  try {
    return await follow(outlook, eventId, waitMs)
  } finally {
    await outlook.close()
  }
}

function isGood({ event, items, isSettled }: Followed): boolean {
  return isSettled && event.status !== 'failed' && items.every(({ status }) => status !== 'dead')
}
