import { expect, test } from 'vitest'
import { RelayError } from '../../../src/domain/errors.ts'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { folder, issuesOf, load, webhook } from '../support.ts'

const mine = `
name: mine
title: Mine
records:
  - { name: post, type: post, id: id, url: url, text: text }
`

test('the built-in mappers are all there', async () => {
  const library = await loadMappers()
  const names = library.list().map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['generic', 'ghost', 'shopify', 'strapi', 'woocommerce']))
  expect(names).toEqual([...names].sort())
  expect(library.list().find(({ name }) => name === 'shopify')).toMatchObject({
    title: 'Shopify',
    origin: 'built-in',
    file: 'mappers/shopify.yaml',
    verify: { scheme: 'hmac', header: 'x-shopify-hmac-sha256', algorithm: 'sha256', encoding: 'base64' },
    vars: { origin: { required: true }, currency: { default: 'USD' } },
    needsModels: false,
  })
  expect(library.list().find(({ name }) => name === 'strapi')).toMatchObject({ needsModels: true })
  expect(library.get('nothing')).toBeUndefined()
})

test('every built-in mapper says whether its system sends again what was refused', async () => {
  const library = await loadMappers()
  expect(library.list().filter(({ retries }) => retries === null)).toEqual([])
  const lastingOf = (name: string) => library.list().find((one) => one.name === name)?.retries?.for
  const silent = ['directus', 'drupal', 'github', 'joomla', 'strapi', 'woocommerce']
  expect(silent.map(lastingOf)).toEqual(silent.map(() => 'none'))
  expect(['shopify', 'bigcommerce', 'sanity'].map(lastingOf)).toEqual(['hours', 'days', 'minutes'])
})

test("the user's own stand beside the built-in ones", async () => {
  const library = await load({ 'mine.yaml': mine, 'README.md': '# no mapper', '.hidden.yaml': '{' })
  expect(library.list().find(({ name }) => name === 'mine')).toMatchObject({
    origin: 'yours',
    title: 'Mine',
    verify: null,
  })
  expect(library.get('shopify')).toBeDefined()
})

test("a user's folder that is the built-in one is read once", async () => {
  const builtin = folder({ 'mine.yaml': mine })
  const library = await loadMappers({ builtinDir: builtin, userDir: builtin })
  expect(library.list()).toMatchObject([{ name: 'mine', origin: 'built-in' }])
})

test('a folder that is not there is named', async () => {
  await expect(loadMappers({ userDir: '/nowhere/mappers' })).rejects.toThrow(
    /cannot read the folder of mappers \/nowhere\/mappers/,
  )
})

test('all mistakes of all files are told at once, with their places', async () => {
  const issues = await issuesOf(() =>
    loadMappers({
      builtinDir: folder({}),
      userDir: folder({
        'a.yaml': mine.replace('name: mine', 'name: a').replace('url: url', 'urll: url'),
        'b.yaml': 'name: b\ntitle: B\nrecords:\n  - { name: x, type: post, id: "1 +", url: url }\n',
        'c.yaml': 'name: c\n  bad: [indent\n',
        'd.yaml': 'title: no name\n',
        'e.yaml': 'name: e\ntitle: E\nrecords: []\nextra: 1\n',
        'f.yaml': '- a list\n',
      }),
    }),
  )
  const lines = issues.map(({ path, message }) => `${path.replace(/^.*\//, '')} | ${message}`)
  expect(lines.filter((line) => !line.startsWith('c.yaml'))).toEqual([
    'd.yaml: name | is required (line 1)',
    'd.yaml: records | is required (line 1)',
    'f.yaml | is a list and must be a map with name, title and records (line 1)',
    'a.yaml: records[0].urll | unknown key; did you mean url? (line 5)',
    expect.stringMatching(/^b\.yaml: records\[0\]\.id \| expression 1 \+ is not valid: .* at position 3/),
    'e.yaml: records | needs at least one record (line 3)',
    expect.stringMatching(/^e\.yaml: extra \| unknown key \(there is name, title, .*\(line 4\)$/),
  ])
  expect(lines).toContain(
    'c.yaml | this line is indented deeper than the one above, which has a value already: begin both in the same column (line 2)',
  )
})

test('the message of the error holds the mistakes, too', async () => {
  await expect(load({ 'mine.yaml': mine.replace('id: id', 'idd: id') })).rejects.toThrow(/unknown key/)
  await expect(load({ 'mine.yaml': mine.replace('id: id', 'idd: id') })).rejects.toBeInstanceOf(RelayError)
})

test.each([
  ['no id', 'id: id, ', 'records[0].id', 'is required'],
  ['no url', 'url: url, ', 'records[0].url', 'is required'],
  ['no type', 'type: post, ', 'records[0].type', 'is required'],
])('a record with %s is refused', async (_what, part, at, message) => {
  const issues = await issuesOf(() => load({ 'mine.yaml': mine.replace(part, '') }))
  expect(issues).toHaveLength(1)
  expect(issues[0]?.path).toMatch(new RegExp(`mine\\.yaml: ${at.replace(/[[\]]/g, '\\$&')}$`))
  expect(issues[0]?.message).toContain(message)
})

test('skip stands alone, with a match', async () => {
  const issues = await issuesOf(() => load({ 'mine.yaml': `${mine}  - { name: s, skip: '"x"', id: id }\n` }))
  expect(issues.map(({ message }) => message.replace(/ \(line.*/, ''))).toEqual([
    'is required beside `skip`',
    'id: has no meaning beside `skip`',
  ])
})

test('two records of one name, and two mappers of one name, are refused', async () => {
  const twice = `${mine}  - { name: post, type: page, id: id, url: url }\n`
  expect((await issuesOf(() => load({ 'mine.yaml': twice })))[0]?.message).toBe(
    'post: is the name of another one (line 6)',
  )
  const issues = await issuesOf(() => load({ 'a.yaml': mine, 'b.yaml': mine }))
  expect(issues[0]?.message).toMatch(/^mine: is taken by .*\/a\.yaml \(line 2\)$/)
})

test('a built-in mapper is overridden only by who says so', async () => {
  const shop = mine.replace('name: mine', 'name: shopify')
  expect((await issuesOf(() => load({ 'shopify.yaml': shop })))[0]?.message).toBe(
    'shopify: is a built-in mapper: say `extends: shopify` to change it, or `replace: true` (line 2)',
  )
  const replaced = await load({ 'shopify.yaml': `${shop}replace: true\n` })
  expect(replaced.list().find(({ name }) => name === 'shopify')).toMatchObject({ origin: 'yours', title: 'Mine' })
  const extended = await load({ 'shopify.yaml': 'name: shopify\nextends: shopify\ntitle: Ours\n' })
  expect(extended.list().find(({ name }) => name === 'shopify')).toMatchObject({ origin: 'yours', title: 'Ours' })
})

const base = `
name: base
title: Base
verify: { scheme: hmac, header: x-a, encoding: base64 }
event: { id: $headers.id, topic: kind }
vars: { origin: { required: true }, lang: { default: en } }
records:
  - { name: post, match: kind = "post", type: post, id: id, url: url, title: title, json: { a: { b: id, c: url }, d: id } }
  - { name: page, match: kind = "page", type: page, id: id, url: url, text: id }
`
const child = `
name: child
extends: base
verify: { scheme: header, header: authorization }
event: { id: null }
vars: { lang: { default: de } }
records:
  - { name: post, title: '"child: " & title', json: { a: { b: null, x: '"x"' } } }
  - { name: page, remove: true }
  - { name: doc, match: kind = "doc", type: doc, id: id, url: url, text: id }
`

test('extends: records are merged by name, maps by key, null takes away, verify is replaced', async () => {
  const library = await load({ 'base.yaml': base, 'child.yaml': child })
  expect(library.get('child')).toMatchObject({
    title: 'Base',
    verify: { scheme: 'header', header: 'authorization' },
    event: { topic: 'kind' },
    vars: { origin: { required: true }, lang: { default: 'de' } },
  })
  expect(library.get('child')?.verify).not.toHaveProperty('encoding')
  expect(library.get('child')?.event).not.toHaveProperty('id')
  expect(library.get('child')).toHaveProperty('records', [
    expect.objectContaining({
      name: 'post',
      match: 'kind = "post"',
      title: '"child: " & title',
      json: { a: { c: 'url', x: '"x"' }, d: 'id' },
    }),
    expect.objectContaining({ name: 'doc' }),
  ])
  expect(library.get('base')).toHaveProperty('records[1].name', 'page')
})

test('extends: a chain works, in any order of files', async () => {
  const library = await load({
    'a.yaml': 'name: a\nextends: child\ntitle: A\n',
    'base.yaml': base,
    'child.yaml': child,
  })
  expect(library.get('a')).toMatchObject({ title: 'A', vars: { lang: { default: 'de' } } })
})

test('extends: a circle, a stranger and an unknown key are told', async () => {
  const issues = await issuesOf(() =>
    load({
      'a.yaml': 'name: a\nextends: b\n',
      'b.yaml': 'name: b\nextends: a\n',
      'c.yaml': 'name: c\nextends: nobody\n',
      'd.yaml': 'name: d\nextends: shopify\nrecords:\n  - { name: product, titel: x }\n',
      'e.yaml': 'name: e\nextends: shopify\nrecords:\n  - { name: new one, type: post }\n',
    }),
  )
  const messages = issues.map(({ path, message }) => `${path.replace(/^.*\//, '')} | ${message}`)
  expect(messages).toEqual(
    expect.arrayContaining([
      "b.yaml: extends | a: 'a' and 'b' extend each other (line 2)",
      expect.stringMatching(/^c\.yaml: extends \| nobody: there is no such mapper to extend \(there is a, .*\bb, /),
      'd.yaml: records[0].titel | unknown key; did you mean title? (line 4)',
      'e.yaml: records[new one].id | is required (line 4)',
    ]),
  )
})

test('vars: unknown, missing and unfit ones are all told; defaults are filled in', async () => {
  const library = await load({})
  const shopify = library.get('shopify')!
  const issues = await issuesOf(() =>
    bindMapper(shopify, { source: 'shop', vars: { orgin: 'https://example.com', currency: 'dollars' } }),
  )
  expect(issues).toEqual([
    { path: 'sources.shop.vars.orgin', message: "mapper 'shopify' has no such var; did you mean origin?" },
    {
      path: 'sources.shop.vars.origin',
      message: "mapper 'shopify' requires it: The storefront, such as https://example.com",
    },
    { path: 'sources.shop.vars.currency', message: 'must be a currency code of three letters, such as EUR' },
  ])
  const origin = await issuesOf(() => bindMapper(shopify, { source: 'shop', vars: { origin: 'example.com' } }))
  expect(origin[0]?.message).toMatch(/absolute http\(s\) url/)
})

test('the slash at the end of an origin does not double', async () => {
  const mapper = bindMapper((await load({})).get('generic')!, {
    source: 's',
    vars: { origin: 'https://example.com//' },
  })
  const { drafts } = await mapper.map(webhook({ event: 'post.updated', id: 1, slug: 'a', text: 'x' }))
  expect(drafts).toMatchObject([{ fields: { url: 'https://example.com/a' } }])
})

test('the version changes with the definition, the models and the names of vars, not with their values', async () => {
  const library = await load({ 'base.yaml': base, 'child.yaml': child })
  const versionOf = (name: string, vars: object) =>
    bindMapper(library.get(name)!, { source: 's', vars: { ...vars } }).version
  const version = versionOf('base', { origin: 'a' })
  expect(version).toMatch(/^[0-9a-f]{12}$/)
  expect(versionOf('base', { origin: 'b' })).toBe(version)
  expect(versionOf('child', { origin: 'a' })).not.toBe(version)
  const strapi = library.get('strapi')!
  const withModel = (type: string) => bindMapper(strapi, { source: 's', models: { a: { type } } }).version
  expect(withModel('post')).not.toBe(withModel('page'))
})

test('an expression that does not compile is told with the line of the file that it is in, also where that extends another', async () => {
  const two = `${mine}  - { name: page, type: page, id: id, url: url, text: text }\n`
  const issues = await issuesOf(() =>
    loadMappers({
      builtinDir: folder({}),
      userDir: folder({
        'mine.yaml': two,
        'more.yaml': 'name: more\nextends: mine\nrecords:\n  - name: page\n    json:\n      a: "1 +"\n',
      }),
    }),
  )
  expect(issues).toEqual([
    {
      path: expect.stringMatching(/more\.yaml: records\[page\]\.json\.a$/),
      message: expect.stringMatching(/\(line 6\)$/),
    },
  ])
})
