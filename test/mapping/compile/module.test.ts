import { expect, test } from 'vitest'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import { issuesOf, load, webhook } from '../support.ts'

const shop = `
interface Product { id: string; title: string }
export default ({ defineMapper, item, tombstone, z }) =>
  defineMapper({
    name: 'shop',
    title: 'Home-made shop',
    verify: { scheme: 'header', header: 'x-token' },
    vars: { origin: { required: true, format: 'origin' } },
    headers: ['X-Id'],
    event: { id: ({ headers }) => headers['x-id'], topic: ({ body }) => body.type },
    ping: ({ body }) => (body.type === 'ping' ? { status: 200, body: 'pong', unsigned: false } : null),
    input: z.object({ type: z.string(), product: z.object({ id: z.string(), title: z.string() }) }),
    map: ({ type, product }: { type: string; product: Product }, { vars, topic }) =>
      type === 'product.deleted'
        ? [tombstone('product:' + product.id, { type: 'product', version: 3 })]
        : type === 'nothing'
          ? []
          : [item('product:' + product.id, {
              type: 'product',
              url: vars.origin + '/p/' + product.id,
              title: product.title,
              json: { at: new Date(0), topic },
              version: '2026-01-01T00:00:00Z',
            })],
  })
`
const product = { id: '7', title: 'Chair' }

async function shopMapper() {
  const library = await load({ 'shop.ts': shop })
  return bindMapper(library.get('shop')!, { source: 's', vars: { origin: 'https://example.com/' } })
}

test('a module is a mapper: TypeScript, no imports needed', async () => {
  const mapper = await shopMapper()
  const incoming = webhook({ type: 'product.saved', product }, { 'x-id': 'd1' })
  expect(await mapper.readEvent(incoming)).toEqual({ id: 'd1', topic: 'product.saved' })
  expect(await mapper.map(incoming)).toMatchObject({
    drafts: [
      {
        kind: 'upsert',
        record: 'map',
        version: 't:2026-01-01T00:00:00.000000000Z',
        fields: {
          type: 'product',
          id: 'product:7',
          url: 'https://example.com/p/7',
          title: 'Chair',
          json: { at: '1970-01-01T00:00:00.000Z', topic: 'product.saved' },
        },
      },
    ],
    skipped: null,
    problems: [],
  })
})

test('a module can take away, skip and answer pings', async () => {
  const mapper = await shopMapper()
  expect((await mapper.map(webhook({ type: 'product.deleted', product }))).drafts).toEqual([
    {
      kind: 'delete',
      record: 'map',
      type: 'product',
      id: 'product:7',
      version: 'n:000000000000000000000000000003',
      certain: true,
    },
  ])
  expect((await mapper.map(webhook({ type: 'nothing', product }))).skipped).toBe(
    "mapper 'shop' makes nothing of this webhook",
  )
  expect(await mapper.readPing(webhook({ type: 'ping' }))).toEqual({ status: 200, body: 'pong', unsigned: false })
  expect(await mapper.readPing(webhook({ type: 'product.saved' }))).toBeNull()
})

test('its vars are checked, and its version is that of its file', async () => {
  const library = await load({ 'shop.ts': shop })
  const issues = await issuesOf(() => bindMapper(library.get('shop')!, { source: 's' }))
  expect(issues).toEqual([{ path: 'sources.s.vars.origin', message: "mapper 'shop' requires it" }])
  const changed = await load({ 'shop.ts': `${shop}// changed` })
  const versionOf = (one: typeof library) =>
    bindMapper(one.get('shop')!, { source: 's', vars: { origin: 'https://a.b' } }).version
  expect(versionOf(changed)).not.toBe(versionOf(library))
})

test('a body of another shape is a problem that names the place', async () => {
  const { drafts, problems } = await (await shopMapper()).map(webhook({ type: 'product.saved', product: { id: 7 } }))
  expect(drafts).toEqual([])
  expect(problems[0]).toMatch(/^mapper 'shop', map: input: product\.id: .*; product\.title: /)
})

function moduleThat(map: string): string {
  return `export default ({ defineMapper, item, tombstone, whole, z }) =>
    defineMapper({ name: 'odd', input: z.any(), map: (body) => { ${map} } })`
}

test.each([
  ['throws', 'throw new Error("no stock")', /^mapper 'odd', map: threw: no stock$/],
  ['gives a promise', 'return Promise.resolve([])', /^mapper 'odd', map: must give its items at once, not a promise$/],
  ['gives no list', 'return { kind: "upsert" }', /^mapper 'odd', map: must give a list/],
  ['gives something else', 'return [5]', /^mapper 'odd', map, element 0: is neither an item/],
  [
    'gives an unknown type',
    'return [item("a", { type: "article", url: "x" })]',
    /element 0: type: 'article' is no item type/,
  ],
  ['gives an unknown key', 'return [item("a", { type: "post", url: "x", body: "y" })]', /item 'a': unknown key body$/],
  ['gives an empty id', 'return [tombstone("post:", { type: "post" })]', /element 0: id: .*has no id$/],
  [
    'gives an id without its middle',
    'return [tombstone(`post:${body.id}@en`, { type: "post" })]',
    /element 0: id: .*has no id$/,
  ],
  [
    'makes an address of which a part is missing',
    'return [item("a", { type: "post", url: whole`https://a.b/${1}/${body.slug}` })]',
    /threw: the part behind 'https:\/\/a\.b\/1\/' is undefined$/,
  ],
  [
    'makes an address of which a part is empty',
    'return [item("a", { type: "post", url: whole`https://a.b/${" "}` })]',
    /threw: the part behind 'https:\/\/a\.b\/' is empty text$/,
  ],
  ['gives a bad version', 'return [tombstone("a", { type: "post", version: "new" })]', /element 0: version: /],
  ['gives what is no JSON', 'return [item("a", { type: "post", url: "x", json: { a: 1n } })]', /item 'a': is not JSON/],
])('a module that %s is a problem', async (_what, map, message) => {
  const mapper = bindMapper((await load({ 'odd.mjs': moduleThat(map) })).get('odd')!, { source: 's' })
  const { drafts, problems } = await mapper.map(webhook({}))
  expect(drafts).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(message)
})

test('one bad item does not hold back the others', async () => {
  const map = 'return [item("a", { type: "nonsense", url: "x" }), tombstone("b", { type: "post", certain: false })]'
  const mapper = bindMapper((await load({ 'odd.mjs': moduleThat(map) })).get('odd')!, { source: 's' })
  const { drafts, problems } = await mapper.map(webhook({}))
  expect(drafts).toMatchObject([{ id: 'b', certain: false }])
  expect(problems).toHaveLength(1)
})

test('modules that are none are all told at load', async () => {
  const issues = await issuesOf(() =>
    load({
      'a.mjs': 'export const x = 1',
      'b.mjs': 'throw new Error("broken")',
      'c.mjs': 'export default { name: "c", map: 5, extra: 1 }',
      'd.yaml': 'name: d\nextends: e\n',
      'f.mjs': moduleThat('return []').replace("'odd',", "'f', headers: ['x-a', 'Authorization', 'a b'],"),
      'e.mjs': moduleThat('return []').replace("'odd'", "'e'"),
    }),
  )
  const lines = issues.map(({ path, message }) => `${path.replace(/^.*\//, '')} | ${message}`)
  expect(lines).toEqual([
    'a.mjs | has no default export: export default defineMapper({…})',
    'b.mjs | cannot be loaded: broken',
    'c.mjs: input | must be a zod schema',
    'c.mjs: map | must be a function',
    expect.stringMatching(/^c\.mjs: extra \| unknown key \(there is /),
    'f.mjs: headers[1] | is never kept: by its name it holds a secret or a proof, which `verify` reads',
    'f.mjs: headers[2] | must be the name of a header, such as x-topic',
    'd.yaml: extends | e: is a module: import it from a module of your own instead (line 2)',
  ])
})
