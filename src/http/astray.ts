import type { Signal } from '../domain/signal.ts'

/** A webhook that did not come as far as a source: its sender sees a status at best, so its operator is told. */
type Astray = Extract<Signal, { kind: 'webhook.refused' }>

/** A POST where no route is; null below the APIs, whose callers read their answers. What follows the first part of the path may be a secret. */
export function astrayPost(path: string): Astray | null {
  const [, first = '', rest] = /^\/([^/]*)(\/.*)?$/.exec(path) ?? []
  if (['api', 'v1', 'oauth'].includes(first)) return null
  const shown = `/${first.slice(0, 64)}${rest === undefined ? '' : '/…'}`
  return { kind: 'webhook.refused', source: null, code: 'not_found', reason: `no route POST ${shown}`, bytes: 0 }
}

/** What could not be read as HTTP and begins as TLS does: `https://` was written for a port that speaks http. Null for anything else. */
export function astrayTls(error: Error): Astray | null {
  const { rawPacket } = error as { rawPacket?: unknown } // Node has it there, and Fastify's type of it is another
  if (!Buffer.isBuffer(rawPacket) || rawPacket[0] !== 0x16 || rawPacket[1] !== 0x03) return null // RFC 8446, 5.1
  const reason = 'https came to a port that speaks http'
  return { kind: 'webhook.refused', source: null, code: 'invalid', reason, bytes: rawPacket.length }
}
