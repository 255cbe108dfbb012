import { checksumOf, type IngestItem } from '../src/domain/ingest-item.ts'
import { readJson } from '../src/json/read.ts'
import { textOfHtml } from '../src/mapping/functions/html-text.ts'

// What mappers/shopify.yaml does for a product, as somebody would write it by hand for this one job. Exact integers, the
// text of HTML and the checksum's canonical JSON are what any mapping needs, so these are the relay's own. There are no
// messages for bad content, no time limit, and no check against the schema.

interface ShopifyVariant {
  readonly id: number | string
  readonly title?: string | null
  readonly price?: string | null
  readonly compare_at_price?: string | null
  readonly sku?: string | null
  readonly barcode?: string | null
  readonly available?: boolean
  readonly inventory_management?: string | null
  readonly inventory_policy?: string
  readonly inventory_quantity?: number | null
  readonly option1?: string | null
  readonly option2?: string | null
  readonly option3?: string | null
  readonly option_values?: readonly { readonly value: string }[]
}

interface ShopifyProduct {
  readonly id: number | string
  readonly handle: string
  readonly status: string
  readonly published_at: string | null
  readonly title?: string
  readonly body_html?: string | null
  readonly updated_at?: string
  readonly vendor?: string
  readonly product_type?: string
  readonly tags?: string | readonly string[]
  readonly variants?: readonly ShopifyVariant[]
  readonly options?: readonly { readonly name: string; readonly values: string | readonly string[] }[]
  readonly images?: readonly {
    readonly src: string
    readonly alt: string | null
    readonly width: number
    readonly height: number
  }[]
}

export interface HandWrittenRules {
  readonly origin: string
  readonly currency: string
  readonly language: string
}

/** The item of a `products/update`; null where the product is not live. */
export function mapByHand(body: Buffer, { origin, currency, language }: HandWrittenRules): IngestItem | null {
  const product = readJson(body.toString('utf8')) as ShopifyProduct
  if (product.status !== 'active' || !product.published_at) return null
  if (Date.parse(product.published_at) > Date.now() + 300_000) return null
  const variants = product.variants ?? []
  const price = (amount: string | number | null | undefined) =>
    amount === undefined || amount === null || amount === ''
      ? undefined
      : { value: Number(amount), unit: 'currency', currency }
  const least = (key: 'price' | 'compare_at_price') => {
    let found: number | undefined
    for (const variant of variants) {
      const text = variant[key]
      if (text && (found === undefined || Number(text) < found)) found = Number(text)
    }
    return price(found)
  }

  const url = new URL(`${origin}/products/${product.handle}`).href
  const html = product.body_html?.trim() ? product.body_html : undefined
  const text = html && textOfHtml(html)
  const tags =
    typeof product.tags === 'string'
      ? product.tags
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean)
      : product.tags
  const json = compact({
    product: compact({
      title: product.title,
      price: least('price'),
      compare_at_price: least('compare_at_price'),
      sku: variants[0]?.sku,
      vendor: product.vendor,
      product_type: product.product_type,
      handle: product.handle,
      tags: filled(tags),
      availability: availabilityOf(variants),
      options: filled(product.options?.map(({ name, values }) => compact({ name, values: filled([values].flat()) }))),
      variants: filled(variants.map((variant) => variantOf(variant, price))),
    }),
    media: filled(product.images?.map(({ src, alt, width, height }) => compact({ url: src, alt, width, height }))),
  })
  return compact({
    type: 'product',
    id: `product:${product.id}`,
    url,
    title: product.title?.trim(),
    language,
    updated_at: product.updated_at && utcOf(product.updated_at),
    html,
    text,
    json,
    checksum: checksumOf({ type: 'product', url, ...(html && { html }), ...(text && { text }), json }),
  }) as IngestItem
}

function variantOf(variant: ShopifyVariant, price: (amount: string | null | undefined) => unknown) {
  const { option1, option2, option3, option_values: more = [] } = variant
  const options = [option1, option2, option3, ...more.map(({ value }) => value)].filter(
    (option) => option !== undefined && option !== null,
  )
  return compact({
    id: String(variant.id),
    title: variant.title,
    sku: variant.sku,
    barcode: variant.barcode,
    price: price(variant.price),
    compare_at_price: price(variant.compare_at_price),
    available: isAvailable(variant),
    inventory: variant.inventory_quantity,
    options: filled(options),
  })
}

function isAvailable({ available, inventory_management, inventory_policy, inventory_quantity }: ShopifyVariant) {
  if (available !== undefined) return available
  if (inventory_management === null || inventory_policy === 'continue') return true
  return typeof inventory_quantity === 'number' ? inventory_quantity > 0 : undefined
}

function availabilityOf(variants: readonly ShopifyVariant[]): string | undefined {
  const inStock = variants.some(
    ({ available, inventory_management, inventory_policy, inventory_quantity }) =>
      available === true ||
      inventory_management === null ||
      inventory_policy === 'continue' ||
      (typeof inventory_quantity === 'number' && inventory_quantity > 0),
  )
  if (inStock) return 'in_stock'
  return variants.some(
    ({ available, inventory_quantity }) => available === false || typeof inventory_quantity === 'number',
  )
    ? 'out_of_stock'
    : undefined
}

function utcOf(time: string): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}

function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined
}

/** Leaves out what is nothing. */
function compact(record: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(record)) if (record[key] === undefined || record[key] === null) delete record[key]
  return record
}
