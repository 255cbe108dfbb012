import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { createFolder } from '../folder.ts'
import { issuesOf, load } from '../mapping/support.ts'
import { startRelay } from '../support.ts'

const page = readFileSync(new URL('../../docs/writing-a-mapper.md', import.meta.url), 'utf8')
const written = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = '']) => text)
const bulletin = written.find((text) => text.includes("name: 'bulletin'"))!
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const public_key = publicKey.export({ type: 'spki', format: 'pem' }) as string

function mappersWith(text: string): string {
  const folder = createFolder()
  writeFileSync(join(folder, 'bulletin.ts'), text)
  return folder
}
const source = { mapper: 'bulletin', destination: 'main', vars: { origin: 'https://example.com', public_key } }
const start = (text: string, over: object = {}) =>
  startRelay({
    baseUrl: 'http://127.0.0.1:9/v1/ingest',
    mappersDir: mappersWith(text),
    sources: { b: { ...source, ...over } },
  })

test('the verifier of the page takes what is signed, and nothing else', async () => {
  const relay = await start(bulletin)
  const body = JSON.stringify({ id: '7', title: 'Seven' })
  const time = String(relay.clock.now() / 1000)
  const signature = sign(null, Buffer.from(`${time}.${body}`), privateKey).toString('hex')
  const headers = { 'content-type': 'application/json', 'x-time': time, 'x-signature': signature }
  const answer = await relay.send('b', body, headers)
  expect(answer.statusCode).toBe(202)
  const event = await relay.relay.store.getEvent(answer.json().data.event_id)
  expect(event?.proof).toEqual({ headers: ['x-time'], at: relay.clock.now() })
  expect(event?.headers).toMatchObject({ 'x-time': time })
  expect(event?.headers).not.toHaveProperty('x-signature')

  expect((await relay.send('b', body.replace('Seven', 'Eight'), headers)).statusCode).toBe(401)
  expect((await relay.send('b', body, { ...headers, 'x-signature': '' })).statusCode).toBe(401)
  relay.clock.advance(301_000)
  expect((await relay.send('b', body, headers)).statusCode).toBe(401)
})

test('a scheme of the source takes its place; settings without one are a mistake', async () => {
  const token = 'a-token-of-sixteen-and-more'
  const relay = await start(bulletin, { secret: token, verify: { scheme: 'header', header: 'x-token' } })
  const sent = await relay.send('b', '{"id":"7","title":"x"}', { 'content-type': 'application/json', 'x-token': token })
  expect(sent.statusCode).toBe(202)
  await expect(start(bulletin, { verify: { tolerance: '1m' } })).rejects.toMatchObject({
    details: { issues: [{ path: 'sources.b.verify.tolerance', message: expect.stringContaining('verifies by code') }] },
  })
})

test('it needs a secret, unless it says that it needs none', async () => {
  const needing = bulletin.replace('needsSecret: false', 'needsSecret: true')
  await expect(start(needing)).rejects.toMatchObject({
    details: { issues: [{ path: 'sources.b.secret', message: expect.stringContaining('needs a secret') }] },
  })
})

test.each([
  [
    "covers: { headers: ['x-time'], time: true }",
    "covers: { headers: ['x-other'] }",
    /verify.covers.headers: has a header/,
  ],
  ["covers: { headers: ['x-time'], time: true }", 'covers: true', /verify.covers: must be 'everything', or say/],
  [
    "headers: ['x-signature', 'x-time']",
    "headers: ['x signature']",
    /verify\.headers\[0\]: must be the name of a header/,
  ],
  ['needsSecret: false', 'secret: false', /verify\.secret: unknown key/],
])('a mistake: %s is %s', async (from, to, message) => {
  const issues = await issuesOf(() => load({ 'bulletin.ts': bulletin.replace(from, to) }))
  expect(issues.map(({ path, message }) => `${path}: ${message}`).join('\n')).toMatch(message)
})

test('a summary shows that it verifies by code', async () => {
  const library = await loadMappers({ userDir: mappersWith(bulletin) })
  expect(library.list().find(({ name }) => name === 'bulletin')?.verify).toEqual({ scheme: 'module' })
})
