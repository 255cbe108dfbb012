// The same as product.yaml, as a module.
//   npx cms-relay test examples/mappers/fixtures/product --mappers examples/mappers --mapper product-module
import { absolute, defineMapper, item, price, tombstone, whole, z } from 'cms-relay/mapper'

const product = z.object({
  id: z.string(),
  slug: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  visible: z.boolean().default(false),
  revision: z.number().optional(),
  variants: z.array(z.object({ sku: z.string(), price: z.coerce.number(), stock: z.number() })).default([]),
  images: z.array(z.object({ url: z.string() })).default([]),
})

export default defineMapper({
  name: 'product-module',
  title: "Products of a shop of one's own, as a module",
  verify: { scheme: 'hmac', header: 'x-shop-signature', encoding: 'base64' },
  vars: {
    origin: { required: true, format: 'origin', description: 'The public site' },
    currency: { default: 'EUR', format: 'currency' },
  },
  headers: ['x-shop-delivery'],
  event: {
    id: ({ headers }) => headers['x-shop-delivery'],
    topic: ({ body }) => (body as { type?: string }).type,
  },
  input: z.object({ type: z.string(), product }),
  map({ type, product }, { vars }) {
    const id = whole`product:${product.id}`
    if (type === 'product.removed') return [tombstone(id, { type: 'product' })]
    if (type !== 'product.saved') return []
    const version = product.revision ?? null
    if (!product.visible) return [tombstone(id, { type: 'product', version, certain: false })]
    const { variants, images } = product
    return [
      item(id, {
        type: 'product',
        url: whole`${vars['origin']}/shop/${product.slug}`,
        title: product.name,
        html: product.description,
        json: {
          product: {
            price: price(Math.min(...variants.map((variant) => variant.price)), vars['currency']),
            in_stock: variants.some(({ stock }) => stock > 0),
            skus: variants.map(({ sku }) => sku),
            images: images.map(({ url }) => absolute(url, vars['origin'])),
          },
        },
        version,
      }),
    ]
  },
})
