import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config/load.ts'
import type { Issue } from '../../src/mistakes/issue.ts'
import { changesOf } from '../../src/registry/plan.ts'
import { createSigner, verifySchema } from '../../src/verify/verifier.ts'
import { composeDesired } from '../../src/wiring/desired.ts'
import { composeSources } from '../../src/wiring/sources.ts'
import { verifyConfigOf } from '../../src/wiring/verify.ts'
import { createFolder } from '../folder.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string

function configOf(source: object, env: Record<string, string> = {}) {
  const main = { token: 'con_1.secret', website_id: 'w', site_domain: 'example.com' }
  return readConfig(
    { destinations: { main }, sources: { s: { mapper: 'generic', destination: 'main', ...source } } },
    env,
  )
}
async function issuesOf(source: object): Promise<readonly Issue[]> {
  const error = await composeSources(configOf(source)).catch((reason: unknown) => reason)
  return (error as { details: { issues: readonly Issue[] } }).details.issues
}

test('a public key may come from a file or a variable, and needs no secret', async () => {
  const file = join(createFolder(), 'key.pem')
  writeFileSync(file, pem)
  for (const public_key of [`\${file:${file}}`, '${KEY}', ['${KEY}', `\${file:${file}}`]]) {
    const config = configOf({ verify: { scheme: 'jwt', public_key } }, { KEY: pem.replaceAll('\n', '\\n') })
    expect((await composeSources(config)).sources.get('s')?.verifier.scheme).toBe('jwt')
  }
})

test('mistakes name their place and hold no secret', async () => {
  const verify = { scheme: 'rsa', header: 'x', public_key: [pem, 'canary'], claims: { api_key: '' } }
  expect(await issuesOf({ verify })).toEqual([
    { path: 'sources.s.verify.public_key[1]', message: 'must be a public key or certificate in PEM form' },
    { path: 'sources.s.verify.claims.api_key', message: 'must be filled in' },
  ])
  expect(await issuesOf({ secret: 'canary', verify: { scheme: 'contentful' } })).toEqual([
    { path: 'sources.s.secret', message: expect.stringContaining('64 characters') },
  ])
  expect(await issuesOf({ verify: { scheme: 'hygraph' } })).toEqual([
    { path: 'sources.s.secret', message: expect.stringContaining('needs a secret') },
  ])
  const [unknown] = await issuesOf({ secret: 'canary', verify: { scheme: 'hmca' } })
  expect(unknown).toMatchObject({
    path: 'sources.s.verify.scheme',
    message: expect.stringContaining('did you mean hmac?'),
  })
})

test('a mapper can ask the source for a claim: what it leaves empty must be filled in', () => {
  const fromMapper = { scheme: 'rsa', header: 'x', claims: { recipientclientid: '' } }
  const judge = (verify: Record<string, unknown>) => {
    const issues: Issue[] = []
    const source = configOf({ verify }).sources['s']!
    return { config: verifyConfigOf(source, fromMapper, 'sources.s', issues), issues }
  }
  expect(judge({ public_key: pem }).issues).toMatchObject([{ path: 'sources.s.verify.claims.recipientclientid' }])
  const filled = judge({ public_key: pem, claims: { recipientclientid: 'ours' } })
  expect(filled.issues).toEqual([])
  expect(filled.config).toMatchObject({ scheme: 'rsa', header: ['x'], claims: { recipientclientid: 'ours' } })
})

describe('the URL that a sender signs', () => {
  const secret = 'a'.repeat(64)
  const body = Buffer.from('{}')
  const delivery = { source: 's', method: 'POST', path: '/webhooks/s', query: '', headers: {}, body }
  const schemes = [
    { scheme: 'hubspot', version: 'v3' },
    { scheme: 'hubspot', version: 'v2' },
    { scheme: 'contentful' },
    { scheme: 'hmac', header: 'x-signature', over: '{url}{body}' },
  ]
  const configWith = (server: object, verify: object) => {
    const main = { token: 'con_1.secret', website_id: 'w', site_domain: 'example.com' }
    const sources = { s: { mapper: 'generic', destination: 'main', secret, verify } }
    return readConfig({ server, destinations: { main }, sources }, {})
  }
  const accepts = async (server: object, verify: object, public_url: string) => {
    const { verifier } = (await composeSources(configWith(server, verify))).sources.get('s')!
    const sign = createSigner(verifySchema.parse({ ...verify, public_url }), [secret])
    return (await verifier.verify(sign(delivery, { nowMs: 1e12, id: 'msg_1' }), 1e12)).ok
  }
  const server = { public_url: 'https://relay.example.com/cms/' }
  const other = 'https://hooks.example.com/x'

  test.each(schemes)('is that of server.public_url, unless the source names another: %j', async (verify) => {
    expect(await accepts(server, verify, 'https://relay.example.com/cms/webhooks/s')).toBe(true)
    expect(await accepts(server, verify, other)).toBe(false)
    expect(await accepts(server, { ...verify, public_url: other }, other)).toBe(true)
  })

  test('must be known where the whole of it is signed', async () => {
    expect(await issuesOf({ secret, verify: schemes[0] })).toMatchObject([
      { path: 'sources.s.verify.public_url', message: expect.stringContaining('set server.public_url') },
    ])
  })

  test('changes with server.public_url: a reload replaces the sources that may sign it, and no others', async () => {
    const settingsWith = async (public_url: string, verify: object) =>
      (await composeDesired(configWith({ public_url }, verify), Date.now)).desired.sources.get('s')!.settings
    for (const [verify, changes] of [
      [schemes[0]!, ['public_url']],
      [{ scheme: 'header', header: 'x-token' }, []],
    ] as const) {
      expect(changesOf(await settingsWith(server.public_url, verify), await settingsWith(other, verify))).toEqual(
        changes,
      )
    }
  })
})

test('a source says how far a time may be off, and its mapper where the time is', () => {
  const fromMapper = {
    scheme: 'hmac',
    header: 'x',
    over: '{timestamp}.{body}',
    timestamp: { header: 'x-at', unit: 'ms' },
  }
  const configWith = (verify: object) => verifyConfigOf(configOf({ verify }).sources['s']!, fromMapper, 'sources.s', [])
  expect(configWith({ timestamp: { tolerance: '1m' } })).toMatchObject({
    timestamp: { header: 'x-at', unit: 'ms', tolerance: 60_000 },
  })
  expect(configWith({ scheme: 'timestamped', header: 'y' })).not.toHaveProperty('timestamp')
})

test('a mapper that names no scheme is a mistake, and verifies nothing only if the source says so', async () => {
  const mappers_dir = createFolder()
  writeFileSync(
    join(mappers_dir, 'own.yaml'),
    'name: own\ntitle: Own\nrecords: [{ name: any, type: post, id: id, text: id, url: \'"https://example.com/"\' }]\n',
  )
  const own = (source: object) => ({ ...configOf({ mapper: 'own', ...source }), mappers_dir })
  const composed = (source: object) => composeSources(own(source))
  for (const source of [{}, { secret: 'a-secret-of-the-source' }, { verify: {} }, { verify: { header: 'x' } }]) {
    await expect(composed(source)).rejects.toMatchObject({
      details: { issues: [{ path: 'sources.s.verify', message: expect.stringContaining('names no scheme') }] },
    })
  }
  expect((await composed({ verify: 'none' })).sources.get('s')?.verifier.scheme).toBe('none')
  const header = { secret: 'a-secret-of-the-source', verify: { scheme: 'header', header: 'x' } }
  expect((await composed(header)).sources.get('s')?.verifier.scheme).toBe('header')
})

test('a mistake that the mapper has made names the mapper', () => {
  const judge = (verify: Record<string, unknown>) => {
    const issues: Issue[] = []
    verifyConfigOf(
      configOf({ verify }).sources['s']!,
      { scheme: 'hmac', header: 'x', algorithm: 'md5' },
      'sources.s',
      issues,
    )
    return issues
  }
  const path = 'sources.s.verify.algorithm'
  expect(judge({})).toMatchObject([{ path, message: expect.stringMatching(/ \(mapper 'generic' says it\)$/) }])
  expect(judge({ algorithm: 'md4' })).toMatchObject([{ path, message: expect.not.stringContaining('mapper') }])
  expect(judge({ algorithm: 'sha1' })).toEqual([])
})

describe('the table of systems in docs/configuration.md', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const settings = [...page.matchAll(/`(\{ scheme: [^`]+\})`/g)].map(([, text = '']) => text)
  test('has a row for each', () => expect(settings.length).toBeGreaterThan(24))
  test.each(settings)('%s is valid', (text) => {
    const written = parse(text) as Record<string, unknown>
    const key = 'public_key' in written ? { public_key: pem } : {}
    expect(verifySchema.parse({ ...written, ...key })).toMatchObject({ scheme: written['scheme'] })
  })
})
