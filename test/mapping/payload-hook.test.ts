import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parse } from 'yaml'
import { createVerifier, verifySchema } from '../../src/verify/verifier.ts'
import { createFolder } from '../folder.ts'

const project = join(import.meta.dirname, '../..')
const secret = 'a-long-random-text-for-both-sides'

type Hook = (args: object) => Promise<void>

/** The hook that the page tells to paste, as a module. */
async function readHook(): Promise<Record<'relayChange' | 'relayDelete', Hook>> {
  const page = readFileSync(join(project, 'docs/cms/payload.md'), 'utf8')
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  const folder = createFolder()
  const file = join(folder, 'relay.ts')
  writeFileSync(file, code)
  return await import(pathToFileURL(file).href)
}

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A relay that gives these answers, one after the other, and keeps what it was sent. */
async function listen(answers: readonly number[]): Promise<readonly Received[]> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    response.statusCode = answers[received.length] ?? 202
    received.push({ headers: request.headers, body })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  vi.stubEnv('RELAY_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/site`)
  vi.stubEnv('RELAY_SECRET', secret)
  onTestFinished(() => void vi.unstubAllEnvs())
  return received
}

function requestOf({ locales, find }: { locales?: readonly string[]; find: (options: object) => object | null }) {
  const error = vi.fn()
  const findByID = vi.fn(async (options: object) => find(options))
  const payload = { config: { localization: locales && { localeCodes: locales } }, findByID, logger: { error } }
  return { req: { payload, transactionID: 't1' }, error, findByID }
}

test('sends the published document in each locale, signed as the mapper asks', async () => {
  const received = await listen([])
  const { relayChange } = await readHook()
  const { req, findByID } = requestOf({
    locales: ['en', 'de'],
    find: (options) => ({ id: 'a', title: (options as { locale: string }).locale, _status: 'published' }),
  })
  await relayChange({ collection: { slug: 'posts' }, doc: { id: 'a', _status: 'draft' }, operation: 'update', req })

  const [{ headers, body }] = received as [Received]
  expect(JSON.parse(body.toString())).toEqual({
    collection: 'posts',
    operation: 'update',
    docs: [
      { id: 'a', title: 'en', _status: 'published', _locale: 'en' },
      { id: 'a', title: 'de', _status: 'published', _locale: 'de' },
    ],
    at: expect.stringMatching(/Z$/),
  })
  expect(findByID).toHaveBeenCalledWith(
    expect.objectContaining({ collection: 'posts', id: 'a', draft: false, locale: 'de', req: { transactionID: 't1' } }),
  )

  const { verify } = parse(readFileSync(join(project, 'mappers/payload.yaml'), 'utf8'))
  const delivery = {
    source: 'site',
    method: 'POST',
    path: '/webhooks/site',
    query: '',
    headers: headers as Record<string, string>,
    body,
  }
  const verdictWith = (known: string) =>
    createVerifier(verifySchema.parse(verify), [known]).verify(delivery, Date.now())
  expect(await verdictWith(secret)).toMatchObject({ ok: true })
  expect(await verdictWith('another-secret')).toMatchObject({ ok: false })
})

test('a document in the trash and one that is deleted go in each locale', async () => {
  const received = await listen([])
  const { relayChange, relayDelete } = await readHook()
  const { req } = requestOf({ find: () => null })
  await relayChange({ collection: { slug: 'pages' }, doc: { id: 7 }, operation: 'update', req })
  const localized = requestOf({ locales: ['en', 'de'], find: () => null })
  await relayDelete({ collection: { slug: 'pages' }, id: 7, doc: { id: 7 }, req: localized.req })
  expect(received.map(({ body }) => JSON.parse(body.toString()).docs)).toEqual([
    [{ id: 7, deletedAt: expect.stringMatching(/Z$/) }],
    [
      { id: 7, _locale: 'en' },
      { id: 7, _locale: 'de' },
    ],
  ])
})

test('tries again with the same id, and gives up aloud without an error', async () => {
  const received = await listen([503, 202, 401])
  const { relayDelete } = await readHook()
  const { req, error } = requestOf({ find: () => null })
  const remove = () => relayDelete({ collection: { slug: 'pages' }, id: 7, req })
  await remove()
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([
    received[0]?.headers['webhook-id'],
    received[0]?.headers['webhook-id'],
  ])
  expect(error).not.toHaveBeenCalled()
  await remove()
  expect(received).toHaveLength(3)
  expect(error).toHaveBeenCalledOnce()
})
