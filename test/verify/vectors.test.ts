import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { delivery, reasonOf } from './support.ts'

interface Vector {
  readonly cms: string
  readonly scheme: string
  readonly secret: string
  readonly body: string
  readonly headers: Record<string, string>
  readonly expected: boolean
  readonly note?: string
  readonly method?: string
  readonly path?: string
  readonly url?: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/signature-vectors.json', import.meta.url), 'utf8'),
) as Vector[]

/** How a vector is checked: the settings, the secrets, the time of signing in ms, and why a negative one is refused. */
interface Check {
  readonly config: unknown
  readonly secrets: readonly string[]
  readonly at?: number
  readonly refusal?: RegExp
}

const bearer = ({ secret }: Vector): Check => ({
  config: { scheme: 'header', header: 'authorization', prefix: 'Bearer ' },
  secrets: [secret],
  refusal: /^header authorization does not match$/,
})
const hmac =
  (header: string, more: Record<string, unknown> = {}) =>
  ({ secret }: Vector): Check => ({ config: { scheme: 'hmac', header, ...more }, secrets: [secret] })

const checks: Readonly<Record<string, (vector: Vector) => Check>> = {
  shopify: (vector) =>
    hmac('Shopify-Hmac-Sha256' in vector.headers ? 'Shopify-Hmac-Sha256' : 'X-Shopify-Hmac-Sha256', {
      encoding: 'base64',
    })(vector),
  woocommerce: hmac('x-wc-webhook-signature', { encoding: 'base64' }),
  wordpress: hmac('x-wp-webhook-signature', { encoding: 'base64' }),
  contentful: ({ secret, headers }) => ({
    config: { scheme: 'contentful' },
    secrets: [secret],
    at: Number(headers['x-contentful-timestamp']),
  }),
  strapi: bearer,
  directus: bearer,
  umbraco: bearer,
  craft: bearer,
  payload: bearer,
  builder: bearer,
  sanity: ({ secret, headers }) => ({
    config: { scheme: 'timestamped', header: 'sanity-webhook-signature', unit: 'ms', encoding: 'base64url' },
    secrets: [secret],
    at: Number(/t=(\d+)/.exec(headers['sanity-webhook-signature'] ?? '')?.[1]),
  }),
  ghost: ({ secret }) => ({ config: { scheme: 'ghost' }, secrets: [secret] }),
  storyblok: hmac('webhook-signature', { algorithm: 'sha1' }),
  webflow: ({ secret, headers }) => ({
    config: { scheme: 'webflow' },
    secrets: [secret],
    at: Number(headers['x-webflow-timestamp']),
  }),
  wix: ({ secret }) => ({
    config: { scheme: 'jwt', public_key: secret },
    secrets: [],
    at: 1_736_937_000_000,
    refusal: /^the algorithm of the JWT is not RS256$/,
  }),
  prismic: ({ secret }) => ({
    config: { scheme: 'body' },
    secrets: [secret],
    refusal: /^secret in the body is missing or empty$/,
  }),
  datocms: ({ secret }) => ({
    config: { scheme: 'basic', username: secret.split(':')[0] },
    secrets: [secret.split(':')[1] ?? ''],
  }),
  hygraph: ({ secret, headers }) => ({
    config: { scheme: 'hygraph', tolerance: '1s' },
    secrets: [secret],
    at: Number(/t=(\d+)/.exec(headers['gcms-signature'] ?? '')?.[1]),
  }),
  bigcommerce: ({ secret, headers }) => ({
    config: { scheme: 'standard-webhooks', key: 'raw' },
    secrets: [secret],
    at: Number(headers['webhook-timestamp']) * 1000,
  }),
  'adobe-commerce': ({ secret, headers }) => ({
    config:
      'x-adobe-commerce-webhook-signature' in headers
        ? { scheme: 'rsa', header: 'x-adobe-commerce-webhook-signature', over: 'base64', public_key: secret }
        : {
            scheme: 'rsa',
            header: ['x-adobe-digital-signature-1', 'x-adobe-digital-signature-2'],
            public_key: secret,
            claims: { recipientclientid: 'c5a34355b7f5491f8277b8dd63f0bfa3' },
          },
    secrets: [],
  }),
  drupal: hmac('x-hub-signature', { algorithm: 'sha1', prefix: 'sha1=' }),
  'kontent-ai': hmac('x-kontent-ai-signature', { encoding: 'base64' }),
  contentstack: ({ secret, headers }) =>
    'x-contentstack-hmac-signature' in headers
      ? {
          config: { scheme: 'timestamped', header: 'x-contentstack-hmac-signature' },
          secrets: [secret],
          at: 1_778_729_300_000,
        }
      : {
          config: {
            scheme: 'rsa',
            header: 'x-contentstack-request-signature',
            padding: 'pss',
            prefix: 'v1=',
            public_key: secret,
            claims: { api_key: 'bltexample' },
          },
          secrets: [],
        },
  squarespace: hmac('squarespace-signature', { key: 'hex' }),
  hubspot: ({ secret, scheme, url, headers }) => ({
    config: { scheme: 'hubspot', version: scheme.slice(0, 2), ...(url && { public_url: url }) },
    secrets: [secret],
    at: Number(headers['X-HubSpot-Request-Timestamp'] ?? 0),
  }),
  github: hmac('x-hub-signature-256', { prefix: 'sha256=' }),
  'stripe-style': ({ secret, headers }) => ({
    config: { scheme: 'timestamped', header: 'stripe-signature' },
    secrets: [secret],
    at: Number(/t=(\d+)/.exec(headers['Stripe-Signature'] ?? '')?.[1]) * 1000,
  }),
  'standard-webhooks': ({ secret, headers }) => ({
    config: { scheme: 'standard-webhooks', ...(secret.startsWith('whpk_') && { public_key: secret }) },
    secrets: secret.startsWith('whpk_') ? [] : [secret],
    at: Number(headers['webhook-timestamp']) * 1000,
  }),
}

describe('signature vectors', () => {
  test('every one is checked', () => {
    expect(vectors.length).toBe(66)
    expect(vectors.filter(({ cms }) => !(cms in checks))).toEqual([])
  })

  for (const [index, vector] of vectors.entries()) {
    const { cms, headers, body, expected, note, method = 'POST', path: given = '/webhooks/s' } = vector
    test(`${index} ${cms}: ${expected ? 'accepted' : 'refused'}${note ? `, ${note}` : ''}`, async () => {
      const { config, secrets, at = 0, refusal = /(does|do) not match$/ } = checks[cms]!(vector)
      const [path = '', query = ''] = given.split('?')
      const reason = await reasonOf(config, secrets, delivery(headers, body, { method, path, query }), at)
      if (expected) expect(reason).toBeNull()
      else expect(reason).toMatch(refusal)
    })
  }
})
