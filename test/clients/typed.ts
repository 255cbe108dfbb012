// A client with the types that openapi-typescript makes: what it asks and reads is checked by the compiler.
import createClient from 'openapi-fetch'
import type { components, paths } from './api.d.ts'

declare const process: { readonly argv: readonly string[] }
const [origin = '', token = ''] = process.argv.slice(2)
const relay = createClient<paths>({ baseUrl: origin, headers: { authorization: `Bearer ${token}` } })

const events = await relay.GET('/api/v1/events', { params: { query: { limit: 1, status: 'processed' } } })
if (!events.data) throw new Error(events.error.error.message)
const cursor: string | null = events.data.meta.cursor
const [event] = events.data.data
const id = event && 'id' in event ? event.id : ''

const preview = await relay.POST('/api/v1/events/{id}/preview', { params: { path: { id } } })
const result: components['schemas']['EventPreview']['result'] | undefined = preview.data?.data.result
const missing = await relay.GET('/api/v1/events/{id}', { params: { path: { id: 'evt_99' } } })
const code: components['schemas']['Error']['error']['code'] | undefined = missing.error?.error.code
const replayed = await relay.POST('/api/v1/events/replay', { body: { source: 'demo', dry_run: true } })
// @ts-expect-error: the type knows that there is no such status
await relay.GET('/api/v1/events', { params: { query: { status: 'done' } } })

console.log(JSON.stringify({ id, cursor, result, code, matching: replayed.data?.data.matching }))
