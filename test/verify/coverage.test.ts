import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { createCoverage } from '../../src/verify/coverage.ts'
import { verifySchema } from '../../src/verify/verifier.ts'
import { delivery } from './support.ts'

const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })

test('only the third version of HubSpot signs a time', () => {
  const sent = delivery({ 'x-hubspot-request-timestamp': '1767225600000' }, '{}')
  const covered = (settings: object) =>
    createCoverage(verifySchema.parse({ scheme: 'hubspot', ...settings }))(sent, sent.body)
  const publicUrl = { public_url: 'https://example.com/hook' }
  expect(covered({ version: 'v3', ...publicUrl })).toMatchObject({ url: true, at: 1_767_225_600_000 })
  expect(covered({ version: 'v2', ...publicUrl })).toEqual({ url: true })
  expect(covered({ version: 'v1' })).toEqual({})
})

const coveredBy = (settings: object, headers: Record<string, string>, body = '') => {
  const sent = delivery(headers, body)
  return createCoverage(verifySchema.parse(settings))(sent, sent.body)
}

test.each([
  [{}, undefined],
  [{ 'x-contentful-timestamp': '' }, undefined],
  [{ 'x-contentful-timestamp': 'soon' }, undefined],
  [{ 'x-contentful-timestamp': '1767225600000' }, 1_767_225_600_000],
])('a time that is not there, or is none, is not covered: %o', (headers, at) => {
  const signed = { ...headers, 'x-contentful-signed-headers': 'x-a' }
  expect(coveredBy({ scheme: 'contentful' }, signed)).toStrictEqual({ at, headers: ['x-a'], url: true })
})

test.each([
  [0, 0],
  [1_767_225_600, 1_767_225_600_000],
  [8.64e12, 8.64e15],
  [8.64e12 + 1, undefined],
  [-1, undefined],
  ['1767225600', undefined],
  [undefined, undefined],
])('a token issued at %s is of %s', (iat, at) => {
  const jwt = `x.${Buffer.from(JSON.stringify({ iat })).toString('base64url')}.x`
  const settings = { scheme: 'jwt', public_key: publicKey }
  expect(coveredBy(settings, {}, jwt)).toStrictEqual({ at })
})

test('what is no token has no time', () => {
  expect(coveredBy({ scheme: 'jwt', public_key: publicKey }, {}, 'none')).toStrictEqual({ at: undefined })
})
