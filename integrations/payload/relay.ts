// Tells cms-relay about changes: a job queued in the transaction of the change, so what is rolled back is never sent,
// and what was committed is sent although the process or the relay ends meanwhile. Payload 3. MIT licence.
//
//     jobs: { tasks: [relayTask], autoRun: [{ cron: '*/5 * * * * *', queue: 'relay', limit: 100 }] },
//     onInit: relayResume,
//     collections: [{ slug: 'posts', hooks: { afterChange: [relayChange], afterDelete: [relayDelete] }, … }]
import { createHmac, randomUUID } from 'node:crypto'
import type {
  CollectionAfterChangeHook,
  CollectionAfterDeleteHook,
  CollectionSlug,
  Payload,
  PayloadRequest,
  TaskConfig,
} from 'payload'

const queue = 'relay'
const most = { waitMs: 300_000, retryAfterMs: 86_400_000 }

/** What a job is about. What the document is now, is read when the job runs. */
interface Input {
  readonly collection: string
  /** As JSON, since ids are numbers or text. */
  readonly id: string
  readonly operation: string
  /** When it was deleted, or else changed. */
  readonly at: string
  readonly failures: number
}

export const relayChange: CollectionAfterChangeHook = ({ collection, doc, operation, req }) =>
  queueJob(req.payload, { collection: collection.slug, id: doc.id, operation }, req)

export const relayDelete: CollectionAfterDeleteHook = ({ collection, id, req }) =>
  queueJob(req.payload, { collection: collection.slug, id, operation: 'delete' }, req)

/** Queues every document of a collection: for the first time, or after changes past Payload. */
export async function relaySync(payload: Payload, collection: string): Promise<void> {
  for (let page: number | null | undefined = 1; page; ) {
    const found = await payload.find({
      collection: collection as CollectionSlug,
      page,
      limit: 100,
      depth: 0,
      trash: true,
    })
    for (const { id } of found.docs) await queueJob(payload, { collection, id, operation: 'update' })
    page = found.nextPage
  }
}

/** Takes up the jobs that ran while the process was ended: Payload itself leaves them. To run one twice does no harm. */
export async function relayResume(payload: Payload): Promise<void> {
  await payload.update({
    collection: 'payload-jobs' as CollectionSlug,
    where: { and: [{ queue: { equals: queue } }, { processing: { equals: true } }] },
    data: { processing: false } as never,
  })
}

async function queueJob(
  payload: Payload,
  { collection, id, operation }: { collection: string; id: number | string; operation: string },
  req?: PayloadRequest,
): Promise<void> {
  const input: Input = { collection, id: JSON.stringify(id), operation, at: new Date().toISOString(), failures: 0 }
  // With `req` it is written in the transaction that is open, and goes with it.
  await payload.jobs.queue({ task: relayTask.slug as never, input: input as never, queue, ...(req && { req }) })
}

export const relayTask: TaskConfig<{ input: Input; output: object }> = {
  slug: 'relay',
  inputSchema: [
    { name: 'collection', type: 'text', required: true },
    { name: 'id', type: 'text', required: true },
    { name: 'operation', type: 'text', required: true },
    { name: 'at', type: 'text', required: true },
    { name: 'failures', type: 'number', required: true },
  ],
  async handler({ input, req: { payload } }) {
    const failure = await eventOf(input, payload).then(send, (error) => ({
      error: `it can not be read: ${error}`,
      waitMs: null,
    }))
    if (failure !== null) {
      payload.logger.warn(`the relay did not take ${input.collection} ${input.id}: ${failure.error}`)
      // Not Payload's own retries: those end, and know no Retry-After. The new job is kept before this one goes.
      const waitUntil = new Date(Date.now() + (failure.waitMs ?? backoffMs(input.failures + 1)))
      const next: Input = { ...input, failures: input.failures + 1 }
      await payload.jobs.queue({ task: relayTask.slug as never, input: next as never, queue, waitUntil })
    }
    return { output: {} }
  },
}

async function eventOf({ collection, id: idAsJson, operation, at }: Input, payload: Payload): Promise<object> {
  const id = JSON.parse(idAsJson) as number | string
  const { localization } = payload.config
  const docs = []
  for (const locale of localization ? localization.localeCodes : [undefined]) {
    const named = locale === undefined ? {} : { _locale: locale }
    const doc = operation === 'delete' ? { id } : await published(payload, collection, id, locale, at)
    docs.push({ ...doc, ...named })
  }
  return { collection, operation, docs, at }
}

/** The document as the public sees it. One that is in the trash, or gone, is told as removed. */
async function published(
  payload: Payload,
  collection: string,
  id: number | string,
  locale: string | undefined,
  at: string,
) {
  const doc = await payload.findByID({
    collection: collection as CollectionSlug,
    id,
    depth: 1, // files with their urls, related documents with their ids
    draft: false,
    disableErrors: true,
    ...(locale !== undefined && { locale: locale as never }),
  })
  return doc ?? { id, deletedAt: at }
}

/** Signs by Standard Webhooks. Answers null if the relay has taken it, else why not, and how long it wants to be left alone. */
async function send(event: object): Promise<{ error: string; waitMs: number | null } | null> {
  const body = JSON.stringify(event)
  const id = randomUUID()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', process.env.RELAY_SECRET!)
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
  try {
    const signal = AbortSignal.timeout(15_000)
    const answer = await fetch(process.env.RELAY_URL!, { method: 'POST', headers, body, redirect: 'manual', signal })
    const text = await answer.text()
    if (answer.ok) return null
    const error = `it answered ${answer.status}: ${text.slice(0, 300)}`
    return { error, waitMs: retryAfterMs(answer.headers.get('retry-after')) }
  } catch (failure) {
    return { error: `it was not reached: ${failure}`, waitMs: null }
  }
}

/** Milliseconds that a `Retry-After` asks for, as seconds or as a date. Null if it says nothing. */
function retryAfterMs(value: string | null): number | null {
  if (value === null) return null
  const waitMs = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 1000), most.retryAfterMs)
}

/** Twice as long each time, less up to a half by chance. */
function backoffMs(failures: number): number {
  return Math.min(most.waitMs, 1000 * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2)
}
