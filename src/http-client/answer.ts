import { RelayError } from '../domain/errors.ts'

/** Reads up to the bound; beyond it the rest is not read and the socket is given up. Strips a byte order mark. */
export async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new RelayError('too_large', `the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** A header's value; the first, if it came several times. */
export function headerIn(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

/** An HTTP date as unix milliseconds; null if there is none. */
export function readDate(header: string | undefined): number | null {
  const at = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(at) ? null : at
}

/** A signal for one request, aborted by `signal` or when the time is over; `isLate` tells which. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
  isLate(): boolean
}

export function deadlineAfter(timeoutMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  return {
    signal: controller.signal,
    isLate: () => controller.signal.aborted && !signal?.aborted,
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    },
  }
}
