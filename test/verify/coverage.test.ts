import { expect, test } from 'vitest'
import { createCoverage } from '../../src/verify/coverage.ts'
import { verifySchema } from '../../src/verify/verifier.ts'
import { delivery } from './support.ts'

test('only the third version of HubSpot signs a time', () => {
  const sent = delivery({ 'x-hubspot-request-timestamp': '1767225600000' }, '{}')
  const covered = (settings: object) =>
    createCoverage(verifySchema.parse({ scheme: 'hubspot', ...settings }))(sent, sent.body)
  const publicUrl = { public_url: 'https://example.com/hook' }
  expect(covered({ version: 'v3', ...publicUrl })).toMatchObject({ url: true, at: 1_767_225_600_000 })
  expect(covered({ version: 'v2', ...publicUrl })).toEqual({ url: true })
  expect(covered({ version: 'v1' })).toEqual({})
})
