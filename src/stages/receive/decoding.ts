import type { InboundRequest } from '../../domain/inbound-request.ts'
import { decodeBody } from '../../mapping/webhook/webhook.ts'
import type { Intake } from '../ports.ts'

export interface DecodingDeps {
  readonly intake: Pick<Intake, 'hold' | 'release'>
  /** Limit for a body once it is decompressed. Bytes. */
  readonly bodyLimit: () => number
}

/** A body without its Content-Encoding. It counts as received until it is released. */
export interface Decoded {
  readonly bytes: Buffer
  release(): void
}

/**
 * Decompresses the body of a delivery. `check` is called when its turn has come and may throw. Throws RelayError as
 * `decodeBody` does, and `overloaded` if too many bytes are held.
 */
export type Decode = (delivery: Pick<InboundRequest, 'headers' | 'body'>, check?: () => void) => Promise<Decoded>

/** Each costs up to twice the limit of a body while it runs. */
const decodesAtOnce = 2

/** Few bodies are decompressed at once, so that what is small to send is not large to receive. */
export function createDecode({ intake, bodyLimit }: DecodingDeps): Decode {
  let running = 0
  const waiting: (() => void)[] = []

  async function turn(): Promise<void> {
    if (running >= decodesAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
  }

  function next(): void {
    const first = waiting.shift()
    if (first) first()
    else running -= 1
  }

  return async function decode({ headers, body }, check) {
    await turn()
    try {
      check?.()
      const bytes = await decodeBody({ headers, body, limit: bodyLimit() })
      intake.hold(bytes.length)
      return { bytes, release: () => intake.release(bytes.length) }
    } finally {
      next()
    }
  }
}
