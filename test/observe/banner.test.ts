import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { type BannerOptions, bannerOf } from '../../src/observe/banner.ts'
import { widthOf } from '../../src/observe/terminal/text-width.ts'

const token = 'con_1.a-secret-of-the-destination'
const secret = 'a-secret-of-the-source'

function read(server: Record<string, unknown> = {}) {
  const shared = { destination: 'main', secret, vars: { origin: 'https://example.com' } }
  return readConfig(
    {
      server: { admin_token: 'a-token-of-the-admin-api', ...server },
      destinations: { main: { token, website_id: 'site_1', site_domain: 'example.com' } },
      sources: { shop: { mapper: 'shopify', ...shared }, blog: { mapper: 'ghost', ...shared, enabled: false } },
    },
    {},
  )
}

function banner(over: Partial<BannerOptions> = {}): string {
  return bannerOf({
    config: read(),
    file: '/etc/relay.yaml',
    origin: 'http://127.0.0.1:41234',
    adminOrigin: null,
    warnings: [],
    width: 80,
    paint: (_style, text) => text,
    ...over,
  })
}

describe('the banner of a configured relay', () => {
  test('shows no password of the store', () => {
    const text = banner({ config: { ...read(), store: 'postgres://relay:pa55word@db.example.com/relay' } })
    expect(text).toMatch(/store +postgres:\/\/db\.example\.com\/relay\n/)
  })
  test('says where it listens, with the port that it has got', () => {
    expect(banner()).toMatch(/listens on +0\.0\.0\.0, port 41234/)
    expect(banner({ config: read({ host: '127.0.0.1' }) })).toMatch(/listens on +http:\/\/127\.0\.0\.1:41234/)
    expect(banner({ adminOrigin: 'http://127.0.0.1:8090' })).toMatch(
      /operators +http:\/\/127\.0\.0\.1:8090\n +admin API +http:\/\/127\.0\.0\.1:8090\/api\/v1/,
    )
    expect(banner({ config: read({ admin_token: '' }) })).toMatch(/admin API +off/)
  })

  test('has the URL to paste for each source', () => {
    const text = banner({ config: read({ public_url: 'https://relay.example.com/cms/' }) })
    expect(text).toMatch(/^ {2}https:\/\/relay\.example\.com\/cms\/webhooks\/shop {2}shopify → main$/m)
    expect(text).toMatch(/^ {2}https:\/\/relay\.example\.com\/cms\/webhooks\/blog {2}ghost → main, off$/m)
    expect(text).not.toContain('public_url')
  })

  test('without public_url it says that a CMS elsewhere needs another address', () => {
    expect(banner()).toMatch(/http:\/\/127\.0\.0\.1:41234\/webhooks\/shop/)
    expect(banner()).toMatch(/set\s+server\.public_url/)
  })

  test('warns of what check warns of', () => {
    expect(banner({ warnings: ['sources.demo.verify: none'] })).toMatch(/^! sources\.demo\.verify: none$/m)
  })

  test('holds no secret, fits the terminal, and has nothing that it obeys', () => {
    const warning = `${'a warning of many words '.repeat(9)}\u001b[2J`
    for (const width of [80, 140]) {
      const text = banner({ warnings: [warning], file: '/etc/\u001b[31m', width })
      expect(text).not.toMatch(/a-secret|a-token/)
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
      for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }
  })
})
