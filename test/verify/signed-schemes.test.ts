import { constants, createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { InboundRequest } from '../../src/domain/inbound-request.ts'
import fc, { character } from '../fast-check.ts'
import { delivery, reasonOf } from './support.ts'

/** Of every scheme one valid delivery, signed by the test's own words; each test spoils one thing of it. */
interface Sample {
  readonly config: Record<string, unknown>
  /** The key that signs; the second one is another sender's. */
  readonly keys: readonly [right: string | KeyPair, other: string | KeyPair]
  readonly headers: (body: Buffer, key: never, atMs: number) => Record<string, string>
  /** The header whose value is spoilt. */
  readonly header: string
  /** By how much the clock may be off with the settings as they are; left out where no time is signed. Milliseconds. */
  readonly toleranceMs?: number
  readonly timestampHeader?: string
}

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const rsaKeys = [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
] as const
const edKeys = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')] as const
const pem = ({ publicKey }: KeyPair) => publicKey.export({ type: 'spki', format: 'pem' }) as string

const at = Date.parse('2026-03-01T12:00:00Z')
const seconds = (atMs: number) => String(Math.floor(atMs / 1000))
const hmac = (key: string | Buffer, ...parts: (string | Buffer)[]) =>
  parts.reduce((one, part) => one.update(part), createHmac('sha256', key))
const text = ['canary-right-secret', 'canary-other-secret'] as const
const url = 'https://hooks.example.com/cms'

const samples: Readonly<Record<string, Sample>> = {
  'hmac with a hex key': {
    config: { scheme: 'hmac', header: 'x-sig', key: 'hex' },
    keys: ['c0ffee'.repeat(8), 'c0ffed'.repeat(8)],
    header: 'x-sig',
    headers: (body, key: string) => ({ 'x-sig': hmac(Buffer.from(key, 'hex'), body).digest('hex') }),
  },
  'hmac with SHA-1': {
    config: { scheme: 'hmac', header: 'x-sig', algorithm: 'sha1', prefix: 'sha1=' },
    keys: text,
    header: 'x-sig',
    headers: (body, key: string) => ({ 'x-sig': `sha1=${createHmac('sha1', key).update(body).digest('hex')}` }),
  },
  ghost: {
    config: { scheme: 'ghost', tolerance: '1m' },
    keys: text,
    header: 'x-ghost-signature',
    toleranceMs: 60_000,
    headers: (body, key: string, now) => ({
      'x-ghost-signature': `sha256=${hmac(key, body, String(now)).digest('hex')}, t=${now}`,
    }),
  },
  'timestamped as Stripe has it': {
    config: { scheme: 'timestamped', header: 'stripe-signature' },
    keys: ['whsec_canary-right-secret', 'canary-right-secret'],
    header: 'stripe-signature',
    toleranceMs: 300_000,
    headers: (body, key: string, now) => ({
      'stripe-signature': `t=${seconds(now)},v0=00,v1=${hmac(key, `${seconds(now)}.`, body).digest('hex')}`,
    }),
  },
  'timestamped as Sanity has it': {
    config: { scheme: 'timestamped', header: 'x-sig', unit: 'ms', encoding: 'base64url', tolerance: '2m' },
    keys: text,
    header: 'x-sig',
    toleranceMs: 120_000,
    headers: (body, key: string, now) => ({
      'x-sig': `t=${now}, v1=${hmac(key, `${now}.`, body).digest('base64url')}`,
    }),
  },
  webflow: {
    config: { scheme: 'webflow' },
    keys: text,
    header: 'x-webflow-signature',
    timestampHeader: 'x-webflow-timestamp',
    toleranceMs: 300_000,
    headers: (body, key: string, now) => ({
      'x-webflow-timestamp': String(now),
      'x-webflow-signature': hmac(key, `${now}:`, body).digest('hex'),
    }),
  },
  hygraph: {
    config: { scheme: 'hygraph', tolerance: '1m' },
    keys: text,
    header: 'gcms-signature',
    toleranceMs: 60_000,
    headers: (body, key: string, now) => {
      const signed = JSON.stringify({ Body: body.toString(), EnvironmentName: 'master', TimeStamp: now })
      return { 'gcms-signature': `sign=${hmac(key, signed).digest('base64')}, env=master, t=${now}` }
    },
  },
  contentful: {
    config: { scheme: 'contentful' },
    keys: ['c'.repeat(64), 'd'.repeat(64)],
    header: 'x-contentful-signature',
    timestampHeader: 'x-contentful-timestamp',
    toleranceMs: 30_000,
    headers: (body, key: string, now) => {
      const names = 'x-contentful-signed-headers,x-contentful-timestamp'
      const canonical = `POST\n/webhooks/s\nx-contentful-signed-headers:${names};x-contentful-timestamp:${now}\n`
      return {
        'x-contentful-signed-headers': names,
        'x-contentful-timestamp': String(now),
        'x-contentful-signature': hmac(key, canonical, body).digest('hex'),
      }
    },
  },
  'hubspot v1': {
    config: { scheme: 'hubspot', version: 'v1' },
    keys: text,
    header: 'x-hubspot-signature',
    headers: (body, key: string) => ({
      'x-hubspot-signature': createHash('sha256').update(key).update(body).digest('hex'),
      'x-hubspot-signature-version': 'v1',
    }),
  },
  'hubspot v2': {
    config: { scheme: 'hubspot', version: 'v2', public_url: url },
    keys: text,
    header: 'x-hubspot-signature',
    headers: (body, key: string) => ({
      'x-hubspot-signature': createHash('sha256').update(`${key}POST${url}`).update(body).digest('hex'),
    }),
  },
  'hubspot v3': {
    config: { scheme: 'hubspot', public_url: url },
    keys: text,
    header: 'x-hubspot-signature-v3',
    timestampHeader: 'x-hubspot-request-timestamp',
    toleranceMs: 300_000,
    headers: (body, key: string, now) => ({
      'x-hubspot-request-timestamp': String(now),
      'x-hubspot-signature-v3': hmac(key, `POST${url}`, body, String(now)).digest('base64'),
    }),
  },
  'standard-webhooks v1': {
    config: { scheme: 'standard-webhooks' },
    keys: [`whsec_${Buffer.from('r'.repeat(32)).toString('base64')}`, Buffer.from('o'.repeat(32)).toString('base64')],
    header: 'webhook-signature',
    timestampHeader: 'webhook-timestamp',
    toleranceMs: 300_000,
    headers: (body, key: string, now) => {
      const bytes = Buffer.from(key.replace('whsec_', ''), 'base64')
      return {
        'webhook-id': 'msg_1',
        'webhook-timestamp': seconds(now),
        'webhook-signature': `v1,${hmac(bytes, `msg_1.${seconds(now)}.`, body).digest('base64')}`,
      }
    },
  },
  'standard-webhooks v1a': {
    config: { scheme: 'standard-webhooks', header_prefix: 'svix' },
    keys: edKeys,
    header: 'svix-signature',
    timestampHeader: 'svix-timestamp',
    toleranceMs: 300_000,
    headers: (body, { privateKey }: KeyPair, now) => {
      const signed = Buffer.concat([Buffer.from(`msg_1.${seconds(now)}.`), body])
      return {
        'svix-id': 'msg_1',
        'svix-timestamp': seconds(now),
        'svix-signature': `v1a,${sign(null, signed, privateKey).toString('base64')}`,
      }
    },
  },
  'rsa over the body': {
    config: { scheme: 'rsa', header: ['x-sig-1', 'x-sig-2'] },
    keys: rsaKeys,
    header: 'x-sig-2',
    headers: (body, { privateKey }: KeyPair) => ({
      'x-sig-2': sign('sha256', body, privateKey).toString('base64'),
    }),
  },
  'rsa over the base64 of the body': {
    config: { scheme: 'rsa', header: 'x-sig', over: 'base64' },
    keys: rsaKeys,
    header: 'x-sig',
    headers: (body, { privateKey }: KeyPair) => ({
      'x-sig': sign('sha256', Buffer.from(body.toString('base64')), privateKey).toString('base64'),
    }),
  },
  'rsa-pss': {
    config: { scheme: 'rsa', header: 'x-sig', padding: 'pss', prefix: 'v1=' },
    keys: rsaKeys,
    header: 'x-sig',
    headers: (body, { privateKey: key }: KeyPair) => {
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      return { 'x-sig': `v1=${sign('sha256', body, options).toString('base64')}` }
    },
  },
}

describe.each(Object.entries(samples))('%s', (_name, sample) => {
  const { header, timestampHeader, toleranceMs = 0 } = sample
  const body = Buffer.from('{"id":1,"title":"caf\u00e9"}')
  const [right, other] = sample.keys

  function headersOf(of = body, key = right, now = at): Record<string, string> {
    return sample.headers(of, key as never, now)
  }
  /** Why a delivery is refused by one who knows these keys. */
  function reason(
    given: InboundRequest,
    keys: readonly (string | KeyPair)[] = [right],
    nowMs = at,
  ): Promise<string | null> {
    const secrets = keys.filter((key) => typeof key === 'string')
    const pems = keys.filter((key) => typeof key !== 'string').map(pem)
    return reasonOf({ ...sample.config, ...(pems.length > 0 && { public_key: pems }) }, secrets, given, nowMs)
  }
  const spoilt = (value: string | undefined, name = header) => {
    const { [name]: _given, ...rest } = headersOf()
    return delivery(value === undefined ? rest : { ...rest, [name]: value }, body)
  }

  test('what is valid passes, under any live key', async () => {
    expect(await reason(delivery(headersOf(), body))).toBeNull()
    expect(await reason(delivery(headersOf(), body), [other, right])).toBeNull()
    expect(await reason(delivery(headersOf(), body), [right, other])).toBeNull()
    expect(await reason(delivery(headersOf(Buffer.alloc(0)), ''))).toBeNull()
  })

  test('another key and another body do not match', async () => {
    expect(await reason(delivery(headersOf(body, other), body))).toMatch(/does not match$/)
    expect(await reason(delivery(headersOf(), body), [other])).toMatch(/does not match$/)
    expect(await reason(delivery(headersOf(), `${body} `))).toMatch(/does not match$/)
    expect(await reason(delivery(headersOf(), ''))).toMatch(/does not match$/)
  })

  test.each([
    ['missing', () => undefined],
    ['empty', () => ''],
    ['garbled', () => '\u0001=,;%%'],
    ['oversized', (value: string) => value + 'A'.repeat(14_000)],
    ['doubled with a wrong one first', (value: string) => `${value.slice(0, -9)}AAAAAAAA=, ${value}`],
    ['truncated', (value: string) => value.slice(0, -5)],
    ['only its form', (value: string) => value.replace(/[A-Za-z0-9+/_=-]{28,}/, '')],
  ])('a signature that is %s is refused, in words that hold no secret', async (what, spoil) => {
    const refusal = await reason(spoilt(spoil(headersOf()[header] ?? '')))
    // Here a header is a list by its specification, and what comes twice is a longer one: any that fits is enough.
    if (what.startsWith('doubled') && sample.config['scheme'] === 'standard-webhooks') return expect(refusal).toBeNull()
    expect(refusal).toMatch(/header|does not match/)
    expect(refusal?.length).toBeLessThan(120)
    for (const key of sample.keys) if (typeof key === 'string') expect(refusal).not.toContain(key)
  })

  if (toleranceMs > 0)
    test('a timestamp passes up to the tolerance, in the past and the future', async () => {
      const given = delivery(headersOf(), body)
      for (const off of [toleranceMs, -toleranceMs]) expect(await reason(given, [right], at + off)).toBeNull()
      expect(await reason(given, [right], at + toleranceMs + 1)).toMatch(/^the timestamp is \d+ s old/)
      expect(await reason(given, [right], at - toleranceMs - 1)).toMatch(/^the timestamp is \d+ s in the future/)
    })

  if (toleranceMs > 0)
    test('another timestamp does not match', async () => {
      const name = timestampHeader ?? header
      const [written = ''] = /\d{10,13}$|(?<=t=)\d+/.exec(headersOf()[name] ?? '') ?? []
      const value = (headersOf()[name] ?? '').replace(written, String(Number(written) + 1))
      expect(await reason(spoilt(value, name))).toMatch(/does not match$/)
    })

  if (timestampHeader)
    test('a timestamp that is missing or garbled is refused', async () => {
      for (const value of [undefined, '', 'soon', '-1', '1e3', ' 1', `${at}, ${at}`]) {
        expect(await reason(spoilt(value, timestampHeader))).toMatch(/timestamp/)
      }
    })

  test('only the exact bytes pass', async () => {
    // Hygraph signs the body as text: bytes that are no text have no signature at all.
    const bytes =
      sample.config['scheme'] === 'hygraph'
        ? fc.string({ unit: character }).map((some) => Buffer.from(some))
        : fc.uint8Array().map((some) => Buffer.from(some))
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (signed, sent) => {
        const headers = headersOf(signed)
        expect(await reason(delivery(headers, signed))).toBeNull()
        if (!signed.equals(sent)) expect(await reason(delivery(headers, sent))).toMatch(/does not match$|UTF-8/)
      }),
      { numRuns: 30 },
    )
  })
})
