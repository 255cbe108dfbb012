import { RelayError } from '../../domain/errors.ts'
import { isObject } from '../../json/kind.ts'
import { readJson } from '../../json/read.ts'
import type { BodyDefinition } from '../definition/body.ts'
import type { Mapper } from '../mapper.ts'
import { ShownWebhook, type Webhook } from '../webhook/webhook.ts'
import { FieldError } from './field.ts'
import { createFindings } from './findings.ts'

/** A mapper that sees bodies unpacked. One that can't be unpacked is not a ping, has no names, and fails when it is mapped. */
export function unpacking(mapper: Mapper, definition: BodyDefinition | undefined): Mapper {
  if (!definition) return mapper
  const unpacked = new WeakMap<Webhook, Webhook | RelayError>() // a webhook is asked for its ping and for its names

  function open(webhook: Webhook): Webhook | RelayError {
    const known = unpacked.get(webhook)
    if (known) return known
    const opened = attempt(() => new ShownWebhook(webhook, { body: unpack(webhook.body, definition!) }))
    unpacked.set(webhook, opened)
    return opened
  }

  return {
    ...mapper,
    needsBodyForNames: true,
    readEvent(webhook) {
      const opened = open(webhook)
      return opened instanceof RelayError ? { id: null, topic: null } : mapper.readEvent(opened)
    },
    readPing(webhook) {
      const opened = open(webhook)
      return opened instanceof RelayError ? null : mapper.readPing(opened)
    },
    async map(webhook, ...more) {
      const opened = open(webhook)
      if (!(opened instanceof RelayError)) return mapper.map(opened, ...more)
      const findings = createFindings(mapper.name)
      findings.problem('body', new FieldError(opened.message))
      return findings.result('')
    },
  }
}

function attempt(run: () => Webhook): Webhook | RelayError {
  try {
    return run()
  } catch (error) {
    if (error instanceof RelayError) return error
    throw error
  }
}

/** The body as a mapper wants it; the one given is not changed. Throws RelayError `invalid`. */
function unpack(packed: unknown, { format, json, root }: BodyDefinition): unknown {
  let body = format === 'jwt' && packed !== null ? readClaims(packed) : packed
  for (const path of json) body = withJsonAt(body, path.split('.'), path)
  const inner = root === undefined ? undefined : memberAt(body, root.split('.'))
  return inner ?? body
}

function readClaims(body: unknown): unknown {
  const [, payload, , ...more] = typeof body === 'string' ? body.trim().split('.') : []
  if (!payload || more.length > 0) throw new RelayError('invalid', 'the body is no JWT')
  return readPart(Buffer.from(payload, 'base64url').toString('utf8'), 'the payload of the JWT')
}

function readPart(text: string, what: string): unknown {
  try {
    return readJson(text)
  } catch (cause) {
    throw new RelayError('invalid', `${what} is not JSON`, { cause })
  }
}

/** The value with JSON text at a path replaced by what it says; as it is where nothing, or no text, is there. */
function withJsonAt(value: unknown, [name, ...rest]: readonly string[], path: string): unknown {
  if (name === undefined) return typeof value === 'string' ? readPart(value, `member '${path}' of the body`) : value
  if (!isObject(value) || !Object.hasOwn(value, name)) return value
  return { ...value, [name]: withJsonAt(value[name], rest, path) }
}

function memberAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value
  return isObject(value) && Object.hasOwn(value, name) ? memberAt(value[name], rest) : undefined
}
