import type { InboundRequest } from '../../domain/inbound-request.ts'
import type { Mapper } from '../../mapping/mapper.ts'
import { readWebhook } from '../../mapping/webhook/webhook.ts'

export interface NamedDelivery {
  readonly delivery: InboundRequest
  readonly id: string | null
  readonly topic: string | null
}

/** A delivery with the id and topic that its mapper reads. Throws RelayError for a body that can't be read. */
export async function namedDelivery(mapper: Mapper, delivery: InboundRequest): Promise<NamedDelivery> {
  const webhook = await readWebhook({ ...delivery, limit: delivery.body.length + 1, proof: null })
  const { id, topic } = await mapper.readEvent(webhook)
  return { delivery, id, topic }
}

/**
 * The delivery with another delivery id, wherever its mapper reads it: in a header, or as a text in the body. As it is if it has
 * none, or one that can't be replaced, such as a hash.
 */
export async function freshDelivery(mapper: Mapper, given: InboundRequest, newId: string): Promise<NamedDelivery> {
  const named = await namedDelivery(mapper, given)
  const { id } = named
  if (id === null) return named
  const candidates = [withHeader(given, id, newId), withText(given, id, newId)]
  for (const candidate of candidates) {
    if (candidate === given) continue
    const fresh = await namedDelivery(mapper, candidate)
    if (fresh.id !== null && fresh.id !== id) return fresh
  }
  return named
}

/** An id may hold more than what its header says. */
function withHeader(delivery: InboundRequest, id: string, newId: string): InboundRequest {
  const own = Object.entries(delivery.headers).find(([, value]) => value !== '' && id.includes(value))
  return own ? { ...delivery, headers: { ...delivery.headers, [own[0]]: newId } } : delivery
}

function withText(delivery: InboundRequest, id: string, newId: string): InboundRequest {
  const text = delivery.body.toString('utf8')
  const replaced = text.replace(JSON.stringify(id), () => JSON.stringify(newId))
  return replaced === text ? delivery : { ...delivery, body: Buffer.from(replaced) }
}

/**
 * The delivery with this topic, in the header where its mapper reads it; null if no header says it. `names` are those that the
 * mapper reads.
 */
export async function withTopic(
  mapper: Mapper,
  delivery: InboundRequest,
  topic: string,
  names: readonly string[],
): Promise<InboundRequest | null> {
  for (const name of names) {
    const candidate = { ...delivery, headers: { ...delivery.headers, [name]: topic } }
    if ((await namedDelivery(mapper, candidate)).topic === topic) return candidate
  }
  return null
}
