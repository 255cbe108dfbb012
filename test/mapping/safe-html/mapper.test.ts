import { expect, test } from 'vitest'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import { issuesOf, load, mapperOf, outcomeOf, webhook } from '../support.ts'

const records = `
  - name: page
    type: page
    id: '"page:1"'
    url: '"https://example.com/"'
    html: html
    json: { field: html, clean: $sanitize(html) }
`
const rules = { siteDomain: 'example.com', defaultLanguage: undefined }
const html = '<p onclick="steal()">a</p><script>b</script>'

test('the html of an item is safe, and its text comes from what is left; json is data', async () => {
  const { changes } = await outcomeOf(await mapperOf(records), webhook({ html }), rules)
  expect(changes).toMatchObject([{ item: { html: '<p>a</p>', text: 'a', json: { field: html, clean: '<p>a</p>' } } }])
})

test('a source may ask for html as it is, which is another version of its mapper', async () => {
  const asIs = await mapperOf(records, { html: 'as_is' })
  expect((await outcomeOf(asIs, webhook({ html }), rules)).changes).toMatchObject([{ item: { html } }])
  expect(asIs.version).not.toBe((await mapperOf(records)).version)
})

test("a module's html is made safe, too", async () => {
  const module = `export default ({ defineMapper, item, z }) => defineMapper({
    name: 'mod', title: 'Mod', input: z.any(),
    map: ({ html }) => [item('page:1', { type: 'page', url: 'https://example.com/', html })],
  })`
  const library = await load({ 'mod.mjs': module })
  const mapper = bindMapper(library.get('mod')!, { source: 'test' })
  expect((await outcomeOf(mapper, webhook({ html }), rules)).changes).toMatchObject([{ item: { html: '<p>a</p>' } }])
})

test('$richtext renders by the name of a format, and a misspelt one is a mistake at start', async () => {
  const rich = (format: string) => mapperOf(records.replace('html: html', `html: '$richtext(body, ${format})'`))
  const body = [{ type: 'paragraph', children: [{ type: 'link', url: '/b', children: [{ type: 'text', text: 'a' }] }] }]
  const mapped = async (format: string) => outcomeOf(await rich(format), webhook({ body, format: 'blocks' }), rules)
  expect((await mapped('"blocks"')).changes).toMatchObject([{ item: { html: '<p><a href="/b">a</a></p>', text: 'a' } }])
  expect((await mapped('format, {"base": "https://example.com"}')).changes).toMatchObject([
    { item: { html: '<p><a href="https://example.com/b">a</a></p>' } },
  ])
  expect((await mapped('"contentful"')).problems[0]).toContain(
    'format \'contentful\' takes {nodeType: "document", content: […]}, and a list came',
  )
  expect((await issuesOf(() => rich('"contentfull"')))[0]?.message).toContain("there is no format 'contentfull'")
})
