import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCommand } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')
const origin = ['--var', 'origin=https://example.com']
const updated = join(fixtures, 'shopify/products-update.json')
const stackTrace = /^\s+at /m

async function map(args: readonly string[], input: string) {
  const ended = await runCommand(['map', ...args], { cwd: createFolder(), input })
  expect(ended.stderr).not.toMatch(stackTrace)
  return ended
}

/** The same in this process; `input` is written to a file, whose name stands for `-`. */
async function mapHere(args: readonly string[], input?: string) {
  const file = join(createFolder(), 'input')
  if (input !== undefined) writeFileSync(file, input)
  const ran = await runHere(['map', ...args.map((arg) => (arg === '-' ? file : arg))])
  expect(ran.stderr).not.toMatch(stackTrace)
  return ran
}

describe('map prints what one webhook would come to', () => {
  test('from a fixture', async () => {
    const { code, stdout, stderr } = await mapHere(['--mapper', 'shopify', '--fixture', updated, ...origin])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const printed = JSON.parse(stdout)
    expect(Object.keys(printed)).toEqual(['event', 'changes', 'skipped', 'nothing', 'error'])
    expect(printed).toMatchObject({
      event: { topic: 'products/update', mapper: 'shopify', mapper_version: expect.any(String) },
      changes: [
        {
          kind: 'upsert',
          item: {
            type: 'product',
            id: 'product:788032119674292922',
            url: 'https://example.com/products/example-t-shirt',
            checksum: expect.stringMatching(/^sha256:/),
          },
          version: expect.stringMatching(/^20\d\d-/),
        },
      ],
      skipped: null,
      error: null,
    })
  })

  test('from a fixture on standard input, the same', async () => {
    const [file, stdin] = await Promise.all([
      mapHere(['--mapper', 'shopify', '--fixture', updated, ...origin]),
      map(['--mapper', 'shopify', '--fixture', '-', ...origin], readFileSync(updated, 'utf8')),
    ])
    expect(stdin).toMatchObject({ ...file, code: 0 })
  })

  test('from a body, with headers, whose integers keep their digits', async () => {
    const headers = ['--header', 'X-Shopify-Topic: products/delete', '--header', 'x-shopify-webhook-id:d-1']
    const args = ['--mapper', 'shopify', '--input', '-', ...headers, ...origin]
    const { code, stdout } = await mapHere(args, '{"id":788032119674292922}')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      event: { id: 'd-1', topic: 'products/delete' },
      changes: [{ kind: 'delete', type: 'product', id: 'product:788032119674292922', version: null, certain: true }],
      skipped: null,
    })
  })

  test('with the reason where nothing comes out of it', async () => {
    const { code, stdout } = await mapHere([
      '--mapper',
      'shopify',
      '--fixture',
      join(fixtures, 'shopify/orders-create.json'),
      ...origin,
    ])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ changes: [], skipped: expect.stringContaining('orders/create') })
  })

  test('for a source of a configuration: its mapper, vars and destination', async () => {
    const file = join(createFolder(), 'my.yaml')
    writeFileSync(
      file,
      `
destinations: { main: { token: a.bbbb, website_id: s, site_domain: example.org, default_language: de } }
sources: { shop: { mapper: shopify, destination: main, secret: hook, vars: { origin: https://example.org, currency: EUR } } }
`,
    )
    const known = await mapHere(['--config', file, '--source', 'shop', '--fixture', updated])
    const unknown = await mapHere(['--config', file, '--source', 'other', '--fixture', updated])
    expect(known).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(known.stdout).changes[0].item).toMatchObject({
      url: 'https://example.org/products/example-t-shirt',
      language: 'de',
      json: { product: { price: { currency: 'EUR' } } },
    })
    expect(unknown).toMatchObject({ code: 1, stdout: '' })
    expect(unknown.stderr).toContain("no source 'other'")
  })
})

test('map knows the mappers of the configuration where no flag names one, whatever else is wrong in it', async () => {
  const folder = createFolder()
  writeFileSync(
    join(folder, 'own.yaml'),
    '{ name: own, title: Own, records: [{ name: r, type: post, id: id, url: url, text: text }] }',
  )
  const config = join(folder, 'relay.conf')
  writeFileSync(config, '{ mappers_dir: ., server: { admin_token: "${NOT_SET}" } }')
  const input = join(folder, 'body.json')
  writeFileSync(input, '{ "id": "post:1", "url": "https://example.com/1", "text": "T" }')
  const { code, stdout } = await runHere(['map', '--mapper', 'own', '--input', input], { RELAY_CONFIG: config })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ changes: [{ kind: 'upsert', item: { id: 'post:1' } }] })
})

test.each([
  ['{ "bdy": {} }', /is no fixture: .*"bdy"/s],
  ['{ "header": { "x-a": "b" }, "body": {} }', /is no fixture: .*"header"/s],
  ['{ "body": {}, "fetched": [{ "url": "/r", "boddy": {} }] }', /is no fixture: .*"boddy"/s],
])('map takes no fixture with a key that means nothing: %s', async (fixture, message) => {
  const { code, stdout, stderr } = await mapHere(['--mapper', 'shopify', ...origin, '--fixture', '-'], fixture)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(message)
})

describe('a webhook that holds no record', () => {
  const folder = () => {
    const path = createFolder()
    writeFileSync(
      join(path, 'thin.yaml'),
      `{ name: thin, title: Thin, verify: { scheme: header, header: x-a }, fetch: { base_url: '"https://api.test"', token: { query: t } },
         records: [{ name: r, fetch: { url: '"/r/" & id' }, type: post, id: '"r:" & $ref.id', url: url, text: text }] }`,
    )
    const config = join(path, 'relay.conf')
    writeFileSync(
      config,
      `{ mappers_dir: ., destinations: { main: { token: a.bbbb, website_id: s, site_domain: example.org } },
         sources: { s: { mapper: thin, destination: main, secret: hook, fetch: { token: api-token } } } }`,
    )
    return config
  }

  test('says what would be asked, and asks nobody', async () => {
    const { code, stdout } = await mapHere(['--config', folder(), '--source', 's', '--input', '-'], '{"id":7}')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ changes: [], skipped: 'has to ask GET /r/7' })
  })

  test('is mapped with what the fixture says that the API answers, in every digit', async () => {
    const fixture = `{ "body": { "id": 7 }, "fetched": [
      { "url": "/r/7", "body": { "url": "https://example.org/7", "text": 9007199254740993 } }] }`
    const { code, stdout } = await mapHere(['--config', folder(), '--source', 's', '--fixture', '-'], fixture)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      changes: [{ kind: 'upsert', item: { id: 'r:7', text: '9007199254740993' } }],
      skipped: null,
    })
  })
})

test('map lists what gave nothing, of the mapper and of the models of a source', async () => {
  const folder = createFolder()
  writeFileSync(
    join(folder, 'own.yaml'),
    `{ name: own, title: Own, records: [{ name: entry, model: model, id: id, version: revison, live: public, url: url,
       title: titel, json: { seo: { description: 'summary ? summary' } } }] }`,
  )
  const config = join(folder, 'relay.conf')
  writeFileSync(
    config,
    `{ mappers_dir: ., destinations: { main: { token: a.bbbb, website_id: s, site_domain: example.com } },
       sources: { s: { mapper: own, destination: main, verify: none,
         models: { note: { type: post, json: { post: { sku: product.sku } }, language: lnaguage } } } } }`,
  )
  const nothing = async (body: object) => {
    const input = join(folder, 'body.json')
    writeFileSync(input, JSON.stringify({ id: 'n:1', model: 'note', url: 'https://example.com/1', ...body }))
    const { code, stdout } = await runHere(['map', '--source', 's', '--config', config, '--input', input])
    expect(code).toBe(0)
    const { changes, nothing } = JSON.parse(stdout)
    return [changes, nothing]
  }
  const [upserts, ofUpsert] = await nothing({ public: true })
  expect(upserts).toMatchObject([{ kind: 'upsert', version: null }])
  const entry = (field: string, expression: string) => ({ record: 'entry', field, expression, count: 1 })
  expect(ofUpsert).toEqual([
    entry('version', 'revison'),
    entry('title', 'titel'),
    entry('models.note.language', 'lnaguage'),
    entry('models.note.json.post.sku', 'product.sku'),
  ])
  const [removals, ofRemoval] = await nothing({})
  expect(removals).toEqual([{ kind: 'delete', type: 'post', id: 'n:1', version: null, certain: false }])
  expect(ofRemoval).toEqual([entry('version', 'revison'), entry('live', 'public')])
})

describe('map fails', () => {
  test('with 1 where a record can not be mapped, and prints what could', async () => {
    const fixture = join(fixtures, 'shopify/products-update-incomplete.json')
    const { code, stdout, stderr } = await mapHere(['--mapper', 'shopify', '--fixture', fixture, ...origin])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ changes: [], error: expect.stringMatching(/product lacks/) })
    expect(stderr).toMatch(/^cms-relay: some records could not be mapped\n {2}.*product lacks/)
  })

  test.each<[string, number, readonly string[], RegExp, string?]>([
    ['a var is missing', 1, ['--mapper', 'shopify', '--fixture', updated], /vars\.origin: .*requires it/],
    ['the body is no JSON', 1, ['--mapper', 'shopify', '--input', '-', ...origin], /JSON/, '{"id":'],
    [
      'the mapper is unknown',
      1,
      ['--mapper', 'shopfy', '--fixture', updated],
      /no mapper 'shopfy': did you mean shopify/,
    ],
    ['no mapper is named', 2, ['--fixture', updated], /say which mapper/],
    ['neither fixture nor input is given', 2, ['--mapper', 'shopify', ...origin], /--fixture and --input/],
    ['the file is not there', 1, ['--mapper', 'shopify', '--fixture', 'nowhere.json', ...origin], /nowhere\.json/],
    ['a fixture is no JSON', 1, ['--mapper', 'shopify', '--fixture', '-', ...origin], /JSON/, 'no'],
    ['a fixture is none', 1, ['--mapper', 'shopify', '--fixture', '-', ...origin], /headers/, '{"headers":[]}'],
    ['a header is none', 2, ['--mapper', 'generic', '--input', '-', '--header', 'x'], /--header 'x'/, '{}'],
    ['a var is none', 2, ['--mapper', 'generic', '--input', '-', '--var', '=x'], /--var '=x'/, '{}'],
  ])('where %s: %i', async (_name, expected, args, words, input) => {
    const { code, stdout, stderr } = await mapHere(args, input)
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
    expect(stderr).toMatch(words)
  })
})

test('map knows the sources of the sandbox where nothing is configured, as send does', async () => {
  const folder = createFolder()
  const input = join(folder, 'body.json')
  writeFileSync(
    input,
    JSON.stringify({ event: 'post.published', type: 'post', id: 1, url: '/a', title: 'A', html: '<p>A</p>' }),
  )
  const { code, stdout } = await runHere(['map', '--source', 'demo', '--input', input])
  expect({ code, item: JSON.parse(stdout).changes[0].item.url }).toEqual({ code: 0, item: 'https://example.com/a' })
})

test('reload says that the sandbox has nothing to read again: the signal would end it', async () => {
  const { code, stderr } = await runHere(['reload'])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'cms-relay: sandbox mode has no configuration to read again: `cms-relay init` writes one\n',
  })
})
