import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { describeDiagnoses } from '../../../src/commands/set-up/doctor/report.ts'
import { hanging } from '../../../src/commands/shared/hanging.ts'

test('a text is broken between words, and goes on where it began', () => {
  expect(hanging('  2. ', 'one webhook each for Product creation, Product update', 34)).toEqual([
    '  2. one webhook each for Product',
    '     creation, Product update',
  ])
})

test('without a terminal, and in one that is too narrow, it is one line', () => {
  const text = 'word '.repeat(60).trim()
  expect(hanging('  → ', text, undefined)).toEqual([`  → ${text}`])
  expect(hanging('  → ', text, 10)).toEqual([`  → ${text}`])
})

test('doctor breaks what it says and the cure', () => {
  const message = "can't be reached: connect: getaddrinfo ENOTFOUND api.example.com"
  const cure = 'check destinations.main.base_url (https://api.example.com/v1/ingest), the network and its proxy'
  const stream = Object.assign(new PassThrough(), { columns: 60 }) as unknown as NodeJS.WriteStream
  expect(describeDiagnoses([{ check: 'relay', name: null, verdict: 'bad', message, cure }], stream)).toEqual([
    "✗ relay  can't be reached: connect: getaddrinfo ENOTFOUND",
    '         api.example.com',
    '         → check destinations.main.base_url',
    '           (https://api.example.com/v1/ingest), the network',
    '           and its proxy',
  ])
})
