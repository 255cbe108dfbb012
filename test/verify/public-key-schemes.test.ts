import { createHmac, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { type CryptoKey, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { readPublicKey } from '../../src/verify/public-key.ts'
import { verifySchema } from '../../src/verify/verifier.ts'
import { delivery, reasonOf } from './support.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = publicKey.export({ type: 'spki', format: 'pem' }) as string
const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }) as string
const otherSpki = other.publicKey.export({ type: 'spki', format: 'pem' }) as string
const at = Date.parse('2026-03-01T12:00:00Z')
const now = at / 1000

describe('jwt', () => {
  async function jwt(payload: JWTPayload, header: object = {}, key: unknown = privateKey): Promise<string> {
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', ...header }).sign(key as CryptoKey)
  }
  const claims = { data: '{}', iat: now, exp: now + 60 }
  const reason = (body: string, over: object = {}, nowMs = at) =>
    reasonOf({ scheme: 'jwt', public_key: spki, tolerance: '10s', ...over }, [], delivery({}, body), nowMs)

  test('a JWT of the configured key and algorithm passes, under any live key', async () => {
    const body = await jwt(claims)
    expect(await reason(body)).toBeNull()
    expect(await reason(body, { public_key: [otherSpki, spki] })).toBeNull()
    expect(await reason(body, { public_key: [otherSpki] })).toMatch(/does not match$/)
  })
  test('exp, nbf and iat are judged by the clock that is given, with the tolerance', async () => {
    const body = await jwt({ ...claims, nbf: now })
    expect(await reason(body, {}, (now + 69) * 1000)).toBeNull()
    expect(await reason(body, {}, (now + 70) * 1000)).toMatch(/expired by its timestamp/)
    expect(await reason(body, {}, (now - 10) * 1000)).toBeNull()
    expect(await reason(body, {}, (now - 11) * 1000)).toMatch(/timestamp nbf/)
    expect(await reason(await jwt(claims), {}, (now - 11) * 1000)).toMatch(/timestamp iat .* future/)
    // Which of several keys fits is no reason to say less.
    expect(await reason(body, { public_key: [otherSpki, spki] }, (now + 99) * 1000)).toMatch(/expired/)
  })
  test('one that never expires is refused', async () => {
    expect(await reason(await jwt({ data: '{}', iat: now }))).toMatch(/timestamp exp/)
  })
  test('another algorithm is refused, whoever signed', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`
    const confused = `${part({ alg: 'HS256' })}.${part(claims)}`
    const mac = createHmac('sha256', spki).update(confused).digest('base64url')
    for (const body of [unsigned, `${confused}.${mac}`, await jwt(claims, { alg: 'PS256' })]) {
      expect(await reason(body)).toBe('the algorithm of the JWT is not RS256')
    }
  })
  test('a JWT that is spoilt anywhere does not match, and what is none is refused', async () => {
    const [head = '', payload = '', signature = ''] = (await jwt(claims)).split('.')
    const forged = Buffer.from(JSON.stringify({ ...claims, data: '{"x":1}' })).toString('base64url')
    expect(await reason(`${head}.${forged}.${signature}`)).toMatch(/does not match$/)
    expect(await reason(`${head}.${payload}.${signature.slice(4)}`)).toMatch(/does not match$/)
    expect(await reason(`${head}.${payload}.`)).toMatch(/does not match$/)
    const critical = `${Buffer.from('{"alg":"RS256","crit":["x"],"x":1}').toString('base64url')}.${payload}`
    const proof = sign('sha256', Buffer.from(critical), privateKey).toString('base64url')
    expect(await reason(`${critical}.${proof}`)).toBe('the body is not a JWT')
    for (const body of [
      '',
      '{}',
      'a.b',
      'a.b.c',
      `${head}.${payload}.${signature}.x`,
      `"${head}.${payload}.${signature}"`,
    ]) {
      expect(await reason(body), body.slice(0, 20)).toMatch(/^the body is not a JWT$|does not match$/)
    }
  })
  test.each(['PS256', 'ES256', 'EdDSA'] as const)(
    '%s passes where it is configured, with a key of its kind',
    async (algorithm) => {
      const keys =
        algorithm === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : algorithm === 'EdDSA'
            ? generateKeyPairSync('ed25519')
            : { publicKey, privateKey }
      const public_key = keys.publicKey.export({ type: 'spki', format: 'pem' })
      const body = await jwt(claims, { alg: algorithm }, keys.privateKey)
      expect(await reason(body, { algorithm, public_key })).toBeNull()
      expect(await reason(await jwt(claims), { algorithm, public_key })).toMatch(/algorithm/)
      if (algorithm === 'PS256') return
      expect(() => verifySchema.parse({ scheme: 'jwt', algorithm, public_key: spki })).toThrow(/another kind/)
    },
  )
})

describe('rsa', () => {
  const body = JSON.stringify({ recipientclientid: 'ours', id: 1 })
  const headersOf = (text: string) => ({ 'x-sig': sign('sha256', Buffer.from(text), privateKey).toString('base64') })
  const reason = (over: object = {}, text = body, headers: Record<string, string> = headersOf(text)) =>
    reasonOf({ scheme: 'rsa', header: 'x-sig', public_key: spki, ...over }, [], delivery(headers, text))

  test('the key may be SPKI or PKCS#1, with line breaks written out, or in a list', async () => {
    for (const public_key of [spki, pkcs1, spki.replaceAll('\n', '\\n'), [otherSpki, pkcs1]]) {
      expect(await reason({ public_key })).toBeNull()
    }
  })
  test('a signature of the other padding does not match', async () => {
    expect(await reason({ padding: 'pss' })).toMatch(/does not match$/)
  })
  test('a signature that is written in another way does not match', async () => {
    const { 'x-sig': signature } = headersOf(body)
    for (const value of [
      `${signature} `,
      ` ${signature}`,
      signature.replace(/=*$/, ''),
      `${signature}=`,
      `!${signature}`,
    ]) {
      expect(await reason({}, body, { 'x-sig': value })).toMatch(/does not match$/)
    }
  })
  test('claims tell a webhook that is meant for another customer of the same key', async () => {
    const claims = { recipientclientid: 'ours' }
    expect(await reason({ claims })).toBeNull()
    for (const text of [
      '{"recipientclientid":"theirs"}',
      '{"recipientclientid":["ours"]}',
      '{"data":{"recipientclientid":"ours"}}',
      '{}',
    ]) {
      expect(await reason({ claims }, text)).toMatch(/recipientclientid in the body does not match/)
    }
    for (const text of ['[]', 'null', '', '"recipientclientid"']) {
      expect(await reason({ claims }, text)).toBe('the body is not a JSON object')
    }
    expect(await reason({ claims: JSON.parse('{"__proto__":"x","toString":"y"}') })).toMatch(/does not match/)
    expect(() => verifySchema.parse({ scheme: 'rsa', header: 'x', public_key: spki, claims: { api_key: '' } })).toThrow(
      /must be filled in/,
    )
  })
  test('what is no public key of the kind is a mistake at start', () => {
    const parse = (public_key: unknown) => () => verifySchema.parse({ scheme: 'rsa', header: 'x', public_key })
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
    const ed = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    expect(parse(undefined)).toThrow()
    expect(parse([])).toThrow()
    expect(parse('')).toThrow(/PEM/)
    expect(parse('secret-text')).toThrow(/PEM/)
    expect(parse(short)).toThrow(/at least 2048 bits/)
    expect(parse(ed)).toThrow(/RSA key/)
    expect(parse(secret)).toThrow(/not the private one/)
    expect(parse([spki, 'nonsense'])).toThrow(/PEM/)
  })
})

test('a certificate stands for the public key in it', () => {
  const key = readPublicKey(certificate)
  expect(typeof key !== 'string' && key.equals(new X509Certificate(certificate).publicKey)).toBe(true)
  expect(() => verifySchema.parse({ scheme: 'rsa', header: 'x', public_key: certificate })).not.toThrow()
})

// openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 36500 -subj /CN=cms-relay-test
const certificate = `-----BEGIN CERTIFICATE-----
MIIDFTCCAf2gAwIBAgIUb8yV1xR57zeP3ZNHK67AmQxLG/YwDQYJKoZIhvcNAQEL
BQAwGTEXMBUGA1UEAwwOY21zLXJlbGF5LXRlc3QwIBcNMjYxMTIyMDYzMTQzWhgP
MjEyNjEwMjkwNjMxNDNaMBkxFzAVBgNVBAMMDmNtcy1yZWxheS10ZXN0MIIBIjAN
BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArKceSrtxjU1AIeMXhts3t3SNHsEw
ym5TKEM3QW/LAedptnxWhVquEoasgayVXqDhZNssuVQehrECE7evyQq5vPvtun6x
eXp77FllTVbh1OKS+qoy5scQ0UNM1a48fEI3HBDGDWxH9Y27o0jztusySy5e3+uj
zY5VK04/mD/ENxdWh31QEhUfNtmLoltAkb102hMM09KmVVWV/Rfq5vN0pYOk0ZQK
LgaIrrnoEsp13H6oHfiH/2Z/Ezgrg1lt1sLTiKBp05LJFcXdNm1xsD2O/xJDNRwT
YYMZoR0DMNPrqWKts9uyp9TSHhfZyyEs1nA0ZYTup3af9PvwpSE0TTT37wIDAQAB
o1MwUTAdBgNVHQ4EFgQUzM/un2o0+T1iOY4SewFO/XemN28wHwYDVR0jBBgwFoAU
zM/un2o0+T1iOY4SewFO/XemN28wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0B
AQsFAAOCAQEAcCKZbt2YhuMAzV6GNVdfHe/VhTMwqsH8SnA6uvs/NXDggupC2Imy
33BXvdybnmzJlE5I9GOdQPcsfpvrv3FuHaCuPqe+4822eeZ3oVdlUZFGIAVYzpMA
HiEGAN4+LhI0mbCE003mHFgDpN+PA4/igfIZESi1y+kjq6rAMsaCrSRaXaIKc69I
j8aHAOCWaJl72PsNj28SMYPJdTWSWJm/dou/PAauwRPCi6V6KZREC0WF6RE4TDN3
5g4VUqyWY1EfCg8G+xRETHKJ3Kaav8OM0b1oQTfuxb8BXWZ+KAyAmS0B9LM3cQ8p
e6Td3EWdv3rPJi/xO38dNJ5Qwvq1SfS3wg==
-----END CERTIFICATE-----`
