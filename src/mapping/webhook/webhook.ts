import { isUtf8 as isValidUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { RelayError } from '../../domain/errors.ts'
import type { InboundRequest } from '../../domain/inbound-request.ts'
import { type Proof, provenHeaders } from '../../domain/proof.ts'
import { checkJson, parseJson, readJson } from '../../json/read.ts'
import type { WellFormed } from '../../json/scan.ts'
import type { Webhook } from '../shapes.ts'
import { codingsOf, decodeBody } from './content-encoding.ts'

export type { Webhook } from '../shapes.ts'
export { codingsOf, decodeBody }

interface SentBytes extends Omit<InboundRequest, 'source'> {
  readonly proof?: Proof | null | undefined
}

export interface WebhookBytes extends SentBytes {
  /** How long the body may be once its compression is undone. Bytes. */
  readonly limit: number
}

/**
 * Reads a delivery: undoes the content encoding, decodes the text, parses JSON and form fields. An empty body is null.
 * Throws RelayError only: `too_large`, `unsupported` (an encoding or charset), `invalid` (does not parse).
 */
export async function readWebhook(delivery: WebhookBytes): Promise<Webhook> {
  return readDecoded(delivery, await decodeBody(delivery))
}

/**
 * The same from bytes whose content encoding is undone. With `later`, the values of JSON are made when `body` is first asked
 * for; mistakes are found at once all the same.
 */
export function readDecoded(delivery: SentBytes, bytes: Buffer, later = false): Webhook {
  const type = readContentType(delivery.headers['content-type'])
  const json = checkedJson(bytes, type)
  if (json === null) return new ReadWebhook(delivery, readBody(bytes, type), null)
  return later ? new ReadWebhook(delivery, undefined, json) : new ReadWebhook(delivery, parseJson(json), null)
}

/** A class, because one is made for every webhook: a literal with a getter costs ten times as much. */
class ReadWebhook implements Webhook {
  readonly method: string
  readonly path: string
  readonly headers: Webhook['headers']
  readonly query: Webhook['query']
  readonly proof: Proof | null
  readonly #bytes: Buffer
  #body: unknown
  #unparsed: WellFormed | null
  #digest: string | undefined

  constructor(
    { method, path, headers, query, body, proof = null }: SentBytes,
    parsed: unknown,
    unparsed: WellFormed | null,
  ) {
    this.method = method
    this.path = path
    this.headers = headers
    this.query = readQuery(query)
    this.proof = proof
    this.#body = parsed
    this.#unparsed = unparsed
    this.#bytes = body
  }

  get body(): unknown {
    if (this.#unparsed !== null) {
      this.#body = parseJson(this.#unparsed)
      this.#unparsed = null
    }
    return this.#body
  }

  get digest(): string {
    this.#digest ??= hash('sha256', this.#bytes, 'hex')
    return this.#digest
  }
}

type Shown = Partial<Pick<Webhook, 'method' | 'path' | 'headers' | 'query' | 'body'>>

/** A webhook of which some is shown in another way. Its own body and digest are made when they are asked for. */
export class ShownWebhook implements Webhook {
  readonly method: string
  readonly path: string
  readonly headers: Webhook['headers']
  readonly query: Webhook['query']
  readonly proof: Proof | null
  readonly #sent: Webhook
  readonly #shown: Shown

  constructor(sent: Webhook, shown: Shown) {
    this.method = shown.method ?? sent.method
    this.path = shown.path ?? sent.path
    this.headers = shown.headers ?? sent.headers
    this.query = shown.query ?? sent.query
    this.proof = sent.proof ?? null
    this.#sent = sent
    this.#shown = shown
  }

  get body(): unknown {
    return 'body' in this.#shown ? this.#shown.body : this.#sent.body
  }

  get digest(): string {
    return this.#sent.digest
  }
}

/** The same webhook with nothing in it but what its proof covers. */
export function provenPart(webhook: Webhook): Webhook {
  const { proof = null } = webhook
  if (proof === null) return webhook
  const headers = provenHeaders(webhook.headers, proof)
  return new ShownWebhook(webhook, proof.url === true ? { headers } : { method: '', path: '', query: {}, headers })
}

interface ContentType {
  readonly name: string
  readonly charset: string
}

// Senders use the same few over and over.
const contentTypes = new Map<string, ContentType>()
const maxContentTypes = 100

function readContentType(header = ''): ContentType {
  const known = contentTypes.get(header)
  if (known) return known
  const type = parseContentType(header)
  if (contentTypes.size < maxContentTypes) contentTypes.set(header, type)
  return type
}

function parseContentType(header: string): ContentType {
  const [name = '', ...parameters] = header.split(';')
  const charset = parameters
    .map((parameter) => /^charset\s*=\s*"?([^"\s]*)"?$/i.exec(parameter.trim())?.[1])
    .find(Boolean)
  return { name: name.trim().toLowerCase(), charset: charset?.toLowerCase() ?? 'utf-8' }
}

/** An object or a list in UTF-8 that says it is JSON: what nearly all webhooks are. Null for anything else. */
function checkedJson(bytes: Buffer, { name, charset }: ContentType): WellFormed | null {
  const start = bytes[0]
  if ((start !== 0x7b && start !== 0x5b) || !isUtf8(charset) || !isJson(name)) return null
  return checkJson(bytes)
}

/** A signature of the body does not cover its type: what is JSON, or a JWT, is read as that whatever the type says. */
function readBody(bytes: Buffer, { name, charset }: ContentType): unknown {
  const text = readText(bytes, charset)
  const start = text.trimStart()
  if (start === '') return null
  if (start.startsWith(jwtStart)) return text
  if (isJson(name)) return readJson(text)
  const json = start[0] === '{' || start[0] === '[' ? readJsonOrNothing(text) : undefined
  if (json !== undefined) return json
  return name === 'application/x-www-form-urlencoded' ? readForm(text) : text
}

/** `{"` in base64: how a JWT begins, and no JSON does. */
const jwtStart = 'eyJ'

/**
 * Nor does it cover the charset: what is UTF-8 is read as that. Text in UTF-16 holds zeros, and in the charsets that switch
 * between alphabets it holds escapes. Hardly any other text that is not plain ASCII is valid UTF-8.
 */
function readText(bytes: Buffer, charset: string): string {
  if (!isUtf8(charset)) {
    const decoder = decoderOf(charset)
    if (!isValidUtf8(bytes) || bytes.includes(0x00) || bytes.includes(0x1b)) return decoder.decode(bytes)
  }
  const text = bytes.toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function isUtf8(charset: string): boolean {
  return charset === 'utf-8' || charset === 'utf8'
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset)
  } catch (cause) {
    throw new RelayError('unsupported', `charset '${charset.slice(0, 40)}' is not supported`, { cause })
  }
}

function isJson(name: string): boolean {
  return name === 'application/json' || name === 'text/json' || name.endsWith('+json')
}

/** Many senders say text/plain, or nothing, and send JSON. */
function readJsonOrNothing(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** Form fields; a name that comes several times has all its values. */
function readForm(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const known = fields.get(name)
    if (known === undefined) fields.set(name, value)
    else if (typeof known === 'string') fields.set(name, [known, value])
    else known.push(value)
  }
  fields.delete('__proto__')
  return Object.fromEntries(fields)
}

function readQuery(query: string): Record<string, string> {
  if (query === '') return {}
  const values = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) if (!values.has(name)) values.set(name, value)
  values.delete('__proto__')
  return Object.fromEntries(values)
}
