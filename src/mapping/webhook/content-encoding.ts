import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { RelayError } from '../../domain/errors.ts'

type Decode = (bytes: Buffer, limits: { maxOutputLength: number }) => Promise<Buffer>

const unzip: Decode = promisify(gunzip)
const inflated: Decode = promisify(inflate)
const inflatedRaw: Decode = promisify(inflateRaw)
const unbrotli: Decode = promisify(brotliDecompress)

const decoders: Readonly<Record<string, Decode>> = {
  gzip: unzip,
  'x-gzip': unzip,
  br: unbrotli,
  // By its specification with a zlib header, from some senders without one.
  deflate: (bytes, limits) => (hasZlibHeader(bytes) ? inflated(bytes, limits) : inflatedRaw(bytes, limits)),
}

/** More than anyone sends; each one costs a pass over the body. */
const maxCodings = 3

/** The encodings of a body, in the order in which they were applied. */
export function codingsOf(headers: Readonly<Record<string, string>>): readonly string[] {
  return (headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
}

interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** How long the body may be once decoded. Bytes. */
  readonly limit: number
}

/**
 * The body without its Content-Encoding; the same buffer if there is none. Throws RelayError: `unsupported` for an
 * encoding not known, `too_large` past the limit, `invalid` for bytes that are not what the header says.
 */
export async function decodeBody({ headers, body, limit }: EncodedBody): Promise<Buffer> {
  const codings = codingsOf(headers)
  if (codings.length === 0 || body.length === 0) return body
  if (codings.length > maxCodings) throw new RelayError('unsupported', `${codings.length} content encodings at once`)
  let decoded = body
  for (const coding of codings.toReversed()) decoded = await undo(coding, decoded, limit)
  return decoded
}

async function undo(coding: string, body: Buffer, limit: number): Promise<Buffer> {
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
  if (!decode) throw new RelayError('unsupported', `content encoding '${coding.slice(0, 40)}' is not supported`)
  try {
    return await decode(body, { maxOutputLength: limit })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new RelayError('too_large', `body is larger than ${limit} bytes once decompressed`, { cause })
    }
    throw new RelayError('invalid', `body is not valid ${coding}`, { cause })
  }
}

function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}
