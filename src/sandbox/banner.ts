import type { Config } from '../config/schema.ts'

const post = {
  event: 'post.published',
  type: 'post',
  id: 1,
  url: 'https://example.com/blog/hello',
  title: 'Hello',
  html: '<p>Hello from the <b>demo</b> source.</p>',
}
const product = {
  id: 632910392,
  title: 'IPod Nano',
  handle: 'ipod-nano',
  status: 'active',
  published_at: '2026-01-01T00:00:00Z',
  body_html: '<p>It is the small one.</p>',
  variants: [{ id: 808950810, title: 'Pink', price: '199.00', sku: 'IPOD-PINK' }],
}

/**
 * What a user can copy and paste: each `curl` is one line that any POSIX shell runs, and holds the token if it needs it. `wanted` is the
 * port that the ingest API was to have; 0 is any.
 */
export function sandboxBanner(
  relay: string,
  ingest: string,
  wanted: number,
  { server }: Pick<Config, 'server'>,
): string {
  const json = "-H 'Content-Type: application/json'"
  const body = JSON.stringify(product)
  const signature = `$(printf '%s' '${body}' | openssl dgst -sha256 -hmac 'sandbox-secret' -binary | base64)`
  const isTaken = wanted !== 0 && Number(new URL(ingest).port) !== wanted
  const taken = isTaken ? `               port ${wanted} is taken by another program, so this is another one\n` : ''
  const token = `Authorization: Bearer ${server.admin_token}`
  return `
cms-relay, sandbox mode: nothing is configured, so all runs on this machine.

  source demo  ${relay}/webhooks/demo  mapper generic
  source shop  ${relay}/webhooks/shop  mapper shopify
  ingest API   ${ingest}/items  what has arrived
               ${ingest}/calls  every call, with its verdict
${taken}  admin API    ${relay}/api/v1/events
  its token    ${server.admin_token}

Send a webhook to demo, which verifies nothing:

curl -sSw '\\n' ${relay}/webhooks/demo ${json} --data-binary '${JSON.stringify(post)}'

Send one to shop, signed as Shopify does, with the secret sandbox-secret:

curl -sSw '\\n' ${relay}/webhooks/shop ${json} -H 'X-Shopify-Topic: products/update' -H "X-Shopify-Webhook-Id: $(openssl rand -hex 8)" -H "X-Shopify-Hmac-Sha256: ${signature}" --data-binary '${body}'

See what has arrived at the ingest API, and what the relay knows of it:

curl -sSw '\\n' ${ingest}/items
curl -sSw '\\n' ${relay}/api/v1/events -H ${quoted(token)}

Then connect a CMS of yours: stop this with Ctrl+C, and run

npx cms-relay init

`
}

/** As one word of a shell: the token may be one of the user's own. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
