import type { BindOptions } from '../../src/mapping/bind.ts'
import type { ItemRules } from '../../src/mapping/mapper.ts'

/** How the source of a CMS is configured while its fixtures are mapped. */
export interface Setting extends Partial<ItemRules> {
  readonly vars?: BindOptions['vars']
  readonly models?: BindOptions['models']
}

/** By the folder of the fixtures, which has the mapper's name. */
export const settings: Readonly<Record<string, Setting>> = {
  craft: {
    vars: { origin: 'https://example.com' },
    models: { 2: { type: 'post' }, 5: { type: 'page', html: 'body' }, news: { type: 'post', html: 'body' } },
  },
  drupal: { vars: { origin: 'https://example.com', types: { product: 'product' } } },
  generic: { vars: { origin: 'https://example.com' } },
  ghost: { siteDomain: 'docs.ghost.io' },
  joomla: { vars: { origin: 'https://example.com', public_access: [1, 5] } },
  shopify: { vars: { origin: 'https://example.com/' } },
  strapi: {
    vars: { origin: 'https://example.com', media_origin: 'https://cms.example.com' },
    models: {
      address: { type: 'location', url: '$vars.origin & "/places/" & $string(id)', title: 'full_name' },
      article: { type: 'post', url: '$vars.origin & "/blog/" & slug' },
      product: {
        type: 'product',
        html: '$markdown(description)',
        json: { product: { price: '$price(price, "EUR")' } },
      },
    },
  },
  woocommerce: { vars: { currency: 'EUR' } },
  wordpress: { siteDomain: 'mydomain.dev', vars: { types: { event: 'event' } } },
}
