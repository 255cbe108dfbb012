import type { FastifyInstance } from 'fastify'
import { Refusal } from '../ingest/server/refusal.ts'
import type { CallLog } from './call-log.ts'
import type { SandboxState } from './state.ts'

export interface ViewOptions {
  readonly state: SandboxState
  readonly calls: CallLog
  readonly websiteId: string
  readonly siteDomain: string
  readonly path: string
}

const itemsShown = 500

/** What people look at: what the sandbox has and how it judged. No authentication. */
export async function viewRoutes(app: FastifyInstance, { state, calls, ...about }: ViewOptions): Promise<void> {
  app.addHook('preSerialization', async ({ id: requestId }, _reply, data) => ({ ok: true, data, meta: { requestId } }))

  app.get('/', async () => ({
    name: 'ingest API sandbox',
    api: about.path,
    website_id: about.websiteId,
    site_domain: about.siteDomain,
    items: state.countItems(),
    calls: calls.list().length,
    refused: calls.list().filter(({ status }) => status >= 400).length,
    look: ['/items', '/items/:id', '/calls'],
  }))

  app.get('/items', async () => state.items(itemsShown))

  app.get<{ Params: { id: string }; Querystring: { type?: string } }>('/items/:id', async ({ params, query }) => {
    const item = state.itemsWith(params.id).find(({ type }) => query.type === undefined || type === query.type)
    if (!item) throw new Refusal(404, 'item.not_found', 'no such item')
    return item
  })

  app.get('/calls', async () => calls.list())

  app.delete('/items', async () => {
    const deleted = state.countItems()
    state.reset()
    calls.clear()
    return { deleted }
  })
}
