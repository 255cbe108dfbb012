import { createHash, hash } from 'node:crypto'

/** Bytes of a block, by hash: FIPS 180-4. */
const blockSizes = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 } as const
export type HmacAlgorithm = keyof typeof blockSizes

type Parts = readonly (string | Uint8Array)[]

/** The HMAC of a message, its parts one behind the other; texts count as UTF-8. */
export type HmacOf = (encoding: 'hex' | 'base64' | 'base64url', ...message: Parts) => string

/** Longer messages are not copied. Bytes. */
const copiedMax = 64 * 1024
const room = Buffer.allocUnsafeSlow(128 + copiedMax)

/**
 * HMACs with one key, as RFC 2104 makes them of a hash: two calls of Node's `hash`, which leave nothing behind. `createHmac` makes
 * a stream with a native object for each, to be collected one day, and costs half as much again. A key that is text counts as UTF-8.
 */
export function createHmacOf(algorithm: HmacAlgorithm, secret: string | Uint8Array): HmacOf {
  const key = Buffer.from(secret)
  const size = blockSizes[algorithm]
  const block = Buffer.alloc(size)
  block.set(key.length > size ? hash(algorithm, key, 'buffer') : key)
  const inner = block.map((byte) => byte ^ 0x36)
  const digestSize = hash(algorithm, '', 'buffer').length
  const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(digestSize)])

  function innerDigest(message: Parts): string {
    if (lengthOf(message) > copiedMax) {
      const streamed = createHash(algorithm).update(inner)
      for (const part of message) streamed.update(part)
      return streamed.digest('binary')
    }
    room.set(inner)
    let end = size
    for (const part of message) {
      if (typeof part === 'string') end += room.write(part, end)
      else {
        room.set(part, end)
        end += part.length
      }
    }
    return hash(algorithm, room.subarray(0, end), 'binary')
  }

  return function hmacOf(encoding, ...message) {
    outer.write(innerDigest(message), size, 'binary')
    return hash(algorithm, outer, encoding)
  }
}

/** At most. Bytes: a unit of UTF-16 needs no more than three. */
function lengthOf(message: Parts): number {
  let length = 0
  for (const part of message) length += typeof part === 'string' ? part.length * 3 : part.length
  return length
}
