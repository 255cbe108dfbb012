import { createHmac } from 'node:crypto'

// The shop whose webhooks the benchmarks send, and the website that its items go to.

export const secret = 'bench-webhook-secret'
export const token = 'bench.destination-secret'
export const bodyBytes = 1200

/** A webhook that is ready but for its delivery id, which goes between the two texts. */
export interface SignedWebhook {
  readonly before: string
  readonly after: string
}

/** A `products/update` of 1.2 KB, as Shopify signs it. */
export function signedWebhook(id: number, title: string, updatedAt = '2026-03-01T12:00:00Z'): SignedWebhook {
  const body = productJson(id, title, updatedAt)
  const signature = createHmac('sha256', secret).update(body).digest('base64')
  const before =
    'POST /webhooks/shop HTTP/1.1\r\nHost: relay.example.com\r\nContent-Type: application/json\r\n' +
    'User-Agent: Shopify-Captain-Hook\r\nAccept: */*\r\nX-Shopify-Topic: products/update\r\n' +
    'X-Shopify-Shop-Domain: bench.myshopify.com\r\nX-Shopify-API-Version: 2026-01\r\n' +
    `X-Shopify-Triggered-At: ${updatedAt}\r\nX-Shopify-Hmac-Sha256: ${signature}\r\n` +
    `Content-Length: ${body.length}\r\nX-Shopify-Webhook-Id: `
  return { before, after: `\r\n\r\n${body}` }
}

/** ASCII, always `bodyBytes` long. */
function productJson(id: number, title: string, updatedAt: string): string {
  const variant = { id: id * 10, title: 'Small', price: '19.99', compare_at_price: '24.99', sku: `S-${id}` }
  const product = {
    id,
    title,
    handle: `shirt-${id}`,
    status: 'active',
    published_at: '2026-01-01T00:00:00Z',
    updated_at: updatedAt,
    vendor: 'Acme',
    product_type: 'Shirts',
    tags: 'example, mens, t-shirt',
    variants: [
      { ...variant, option1: 'Small', inventory_policy: 'deny', inventory_quantity: 75 },
      { ...variant, id: id * 10 + 1, title: 'Medium', option1: 'Medium', inventory_quantity: 50 },
    ],
    options: [{ name: 'Size', values: ['Small', 'Medium'] }],
    images: [{ src: `https://cdn.example.com/${id}.jpg`, alt: null, width: 800, height: 600 }],
    body_html: '<p>A shirt of <b>organic</b> cotton.</p>',
  }
  const spare = bodyBytes - JSON.stringify(product).length
  if (spare < 0) throw new Error(`the product has ${-spare} bytes too many`)
  return JSON.stringify({
    ...product,
    body_html: `<p>A shirt of <b>organic</b> cotton.${' Soft'.repeat(spare).slice(0, spare)}</p>`,
  })
}
