// A client whose functions @hey-api/openapi-ts makes, one for each operation.
import { client } from './sdk/client.gen.ts'
import { disableDestination, getItem, listItems, receiveWebhook } from './sdk/sdk.gen.ts'

declare const process: { readonly argv: readonly string[] }
const [origin = '', token = ''] = process.argv.slice(2)
client.setConfig({ baseUrl: origin, auth: token })

const body = JSON.stringify({ type: 'post', id: 2, url: '/b', title: 'B', text: 'b' })
const headers = { 'content-type': 'application/json' }
const received = await receiveWebhook({ path: { source: 'demo' }, body, bodySerializer: null, headers })
const items = await listItems({ query: { type: 'post', limit: 5 } })
const ids = items.data?.data.flatMap((one) => ('id' in one ? [one.id] : []))
const item = await getItem({ path: { id: 'post:1' } })
const missing = await getItem({ path: { id: 'post:9' } })
const disabled = await disableDestination({ path: { name: 'main' }, body: { reason: 'moving' } })

console.log(
  JSON.stringify({
    received: received.response?.status,
    ids,
    title: item.data?.data.desired.item?.title,
    code: missing.error?.error.code,
    state: disabled.data?.data.state,
  }),
)
