import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parse } from 'yaml'
import { createVerifier, verifySchema } from '../../src/verify/verifier.ts'

const project = join(import.meta.dirname, '../..')
const secret = 'a-long-random-text-for-both-sides'

/** By a path that the compiler does not follow: Payload, whose types it names, is not installed here. */
const file = join(project, 'integrations/payload/relay.ts')
const { relayChange, relayDelete, relayTask } = await import(file)

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

interface Job {
  readonly input: { readonly failures: number }
  readonly waitUntil?: Date
}

/** What of Payload the file uses. `run` runs the jobs that were queued so far. */
function createPayload({ locales, find }: { locales?: readonly string[]; find: (options: object) => object | null }) {
  let jobs: Job[] = []
  const warn = vi.fn()
  const findByID = vi.fn(async (options: object) => find(options))
  const queue = vi.fn(async (job: Job) => void jobs.push(job))
  const config = { localization: locales && { localeCodes: locales } }
  const payload = { config, findByID, jobs: { queue }, logger: { warn } }
  const req = { payload, transactionID: 't1' } as never
  const handler = relayTask.handler as (args: object) => Promise<{ output: object }>
  async function run(): Promise<void> {
    const due = jobs
    jobs = []
    for (const { input } of due) await handler({ input, req })
  }
  return { req, run, warn, findByID, queue, waiting: () => jobs }
}

test('queues in the transaction, then sends the published document in each locale, signed as the mapper asks', async () => {
  const received = await listen([])
  const { req, run, findByID, queue } = createPayload({
    locales: ['en', 'de'],
    find: (options) => ({ id: 'a', title: (options as { locale: string }).locale, _status: 'published' }),
  })
  await relayChange({
    collection: { slug: 'posts' },
    doc: { id: 'a', _status: 'draft' },
    operation: 'update',
    req,
  } as never)
  expect(received).toEqual([])
  expect(queue).toHaveBeenCalledWith(expect.objectContaining({ task: 'relay', queue: 'relay', req }))
  await run()

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
    expect.objectContaining({ collection: 'posts', id: 'a', draft: false, locale: 'de' }),
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
  const plain = createPayload({ find: () => null })
  await relayChange({ collection: { slug: 'pages' }, doc: { id: 7 }, operation: 'update', req: plain.req })
  await plain.run()
  const localized = createPayload({ locales: ['en', 'de'], find: () => null })
  await relayDelete({ collection: { slug: 'pages' }, id: 7, doc: { id: 7 }, req: localized.req })
  await localized.run()
  expect(received.map(({ body }) => JSON.parse(body.toString()).docs)).toEqual([
    [{ id: 7, deletedAt: expect.stringMatching(/Z$/) }],
    [
      { id: 7, _locale: 'en' },
      { id: 7, _locale: 'de' },
    ],
  ])
})

test('what the relay does not take is queued again, later each time, and said aloud', async () => {
  const received = await listen([503, 401, 202])
  const { req, run, warn, waiting } = createPayload({ find: () => null })
  await relayDelete({ collection: { slug: 'pages' }, id: 7, req })
  for (const failures of [1, 2]) {
    const before = Date.now()
    await run()
    expect(waiting()).toMatchObject([{ input: { failures } }])
    expect(waiting()[0]!.waitUntil!.getTime()).toBeGreaterThanOrEqual(before + 500 * 2 ** failures)
  }
  await run()
  expect(waiting()).toEqual([])
  expect(received).toHaveLength(3)
  expect(warn).toHaveBeenCalledTimes(2)
})
