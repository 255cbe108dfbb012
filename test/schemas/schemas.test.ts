import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const relay = validatorOf('relay')
const mapper = validatorOf('mapper')

function validatorOf(name: string): ValidateFunction {
  const ajv = new Ajv({ allowUnionTypes: true, validateFormats: false, strict: false })
  return ajv.compile(JSON.parse(readFileSync(join(root, `schemas/${name}.schema.json`), 'utf8')))
}

function mistakesIn(validate: ValidateFunction, text: string): readonly string[] {
  validate(parse(text))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const mappersOf = (pattern: string) => globSync(pattern, { cwd: root }).filter((file) => /^name:/m.test(read(file)))

describe('the schema of relay.yaml takes', () => {
  const configs = globSync(['examples/**/relay*.yaml', 'integrations/**/relay*.yaml', 'test/**/relay*.yaml'], {
    cwd: root,
    exclude: ['**/node_modules'],
  })
  test.each(configs)('%s', (file) => expect(mistakesIn(relay, read(file))).toEqual([]))
  test('there are some', () => expect(configs.length).toBeGreaterThan(0))

  const whole = [...read('docs/configuration.md').matchAll(/```yaml\n((?:destinations|sources):\n[\s\S]*?)```/g)]
  test.each(whole.map(([, text = '']) => text))('the example of the docs: %s', (text) => {
    expect(mistakesIn(relay, text)).toEqual([])
  })
})

describe('the schema of mapper files takes', () => {
  const built = mappersOf('mappers/*.yaml')
  test('every built-in mapper', () => expect(built.length).toBeGreaterThan(25))
  test.each([...built, ...mappersOf('examples/mappers/**/*.yaml')])('%s', (file) => {
    expect(mistakesIn(mapper, read(file))).toEqual([])
  })
  test('one that extends another', () => {
    expect(mistakesIn(mapper, 'name: a\nextends: shopify\nrecords: [{ name: product, title: null }]\n')).toEqual([])
  })
})

const valid = `
server: { port: 8080, trust_proxy: true }
destinations: { main: { token: a.b, website_id: w, site_domain: example.com, delivery: { max_items: 5, debounce: 1s } } }
sources: { shop: { mapper: shopify, destination: main, secret: x, verify: none, silent_after: 3h } }
log: { level: info }
`

test.each([
  ['port: 8080', 'prot: 8080'],
  ['port: 8080', 'port: eighty'],
  ['port: 8080', 'port: 99999'],
  ['port: 8080', 'port: [80]'],
  ['trust_proxy: true', 'trust_proxy: { a: b }'],
  ['website_id: w', 'website_id: 12345'],
  ['website_id: w, ', ''],
  ['token: a.b', 'token: a'],
  ['site_domain: example.com', 'site_domain: https://example.com'],
  ['max_items: 5', 'max_items: 501'],
  ['debounce: 1s', 'debounce: 1'],
  ['debounce: 1s', 'debounce: 1 second'],
  ['silent_after: 3h', 'silent_after: sometimes'],
  ['verify: none', 'verify: hmac'],
  ['verify: none', 'verify: { scheme: headr }'],
  ['mapper: shopify, ', ''],
  ['secret: x', 'secret: 12345'],
  ['level: info', 'level: inof'],
  ['log:', 'logs:'],
])('the schema of relay.yaml refuses %s as %s', (from, to) => {
  expect(mistakesIn(relay, valid)).toEqual([])
  expect(mistakesIn(relay, valid.replace(from, to))).not.toEqual([])
})

test.each([
  ['port: 8080', 'port: "${PORT}"'],
  ['trust_proxy: true', 'trust_proxy: "${PROXIES}"'],
  ['token: a.b', 'token: "${TOKEN}"'],
  ['site_domain: example.com', 'site_domain: "${HOST:-example.com}"'],
  ['max_items: 5', 'max_items: "${MOST}"'],
  ['debounce: 1s', 'debounce: "${REST}"'],
  ['destination: main', 'destination: "${DESTINATIONS}"'],
  ['secret: x', 'secret: "${file:/run/secrets/x}"'],
  ['verify: none', 'verify: { scheme: "${SCHEME}" }'],
  ['level: info', 'level: "${LEVEL}"'],
])('a reference may stand for a value: %s as %s', (from, to) => {
  expect(mistakesIn(relay, valid.replace(from, to))).toEqual([])
})

test.each([
  ['id: id', 'idd: id'],
  ['format: list', 'format: lst'],
  ['name: r, ', ''],
  ['title: T', 'titel: T'],
  ['live: true', 'live: 1'],
])('the schema of mapper files refuses %s as %s', (from, to) => {
  const text =
    'name: m\ntitle: T\nvars: { a: { format: list } }\nrecords: [{ name: r, id: id, type: post, url: u, live: true }]\n'
  expect(mistakesIn(mapper, text)).toEqual([])
  expect(mistakesIn(mapper, text.replace(from, to))).not.toEqual([])
})
