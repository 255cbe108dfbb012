import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'

/** A webhook as the CMS has sent it, and what the relay answered. */
export interface Webhook {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly status: number
  /** Of the event that the relay has made of it; null where it has made none. */
  readonly eventId: string | null
}

export interface Tap {
  readonly origin: string
  /** In the order of their answers. */
  readonly webhooks: readonly Webhook[]
  /** So many of the next webhooks are answered this, and do not reach the relay. */
  refuse(times: number, status: number, headers?: Readonly<Record<string, string>>): void
  close(): Promise<void>
}

/** Stands between the CMS and the relay, hands on every byte and remembers it. */
export async function openTap(relayOrigin: string): Promise<Tap> {
  const webhooks: Webhook[] = []
  let refusal = { times: 0, status: 503, headers: {} as Readonly<Record<string, string>> }
  const server = createServer(async (incoming, response) => {
    const { method = 'POST', url = '/', headers } = incoming
    const body = Buffer.concat(await incoming.toArray())
    const { connection: _, 'transfer-encoding': __, ...passed } = headers
    if (refusal.times > 0) {
      refusal.times -= 1
      webhooks.push({ path: url, headers, body: body.toString(), status: refusal.status, eventId: null })
      response.writeHead(refusal.status, refusal.headers).end()
      return
    }
    const answer = await request(relayOrigin + url, { method: method as 'POST', headers: passed, body }).catch(
      () => null,
    )
    if (answer === null) {
      response.destroy() // as if nobody listened
      return
    }
    const text = await answer.body.text()
    webhooks.push({ path: url, headers, body: body.toString(), status: answer.statusCode, eventId: eventIdOf(text) })
    response.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']) }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    webhooks,
    refuse(times, status, headers = {}) {
      refusal = { times, status, headers }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function eventIdOf(answer: string): string | null {
  try {
    return JSON.parse(answer).data?.event_id ?? null
  } catch {
    return null
  }
}
