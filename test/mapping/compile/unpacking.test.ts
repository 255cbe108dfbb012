import { describe, expect, test } from 'vitest'
import { readWebhook } from '../../../src/mapping/webhook/webhook.ts'
import { issuesOf, load, mapperOf, outcomeOf, webhook } from '../support.ts'

const rules = { siteDomain: 'example.com', defaultLanguage: 'en' }
const records = `
  - { name: post, type: post, id: '"post:" & id', url: '"https://example.com/" & id', json: { digest: $digest } }`

function jwt(claims: string): string {
  const part = (text: string) => Buffer.from(text).toString('base64url')
  return `${part('{"alg":"RS256"}')}.${part(claims)}.${part('signature')}`
}

async function idsOf(body: string, packing: string, head = ''): Promise<unknown> {
  const mapper = await mapperOf(records, { head: `body: ${packing}\nevent: { id: delivery }\n${head}` })
  const outcome = await outcomeOf(mapper, webhook(body), rules)
  const { changes, problems } = outcome
  return problems.length > 0 ? problems : changes.map((change) => (change as { item: { id: string } }).item.id)
}

describe('a packed body', () => {
  test('that is a JWT is mapped by its claims, with the delivery id that is in them', async () => {
    const mapper = await mapperOf(records, { head: 'body: { format: jwt }\nevent: { id: delivery }' })
    const given = webhook(jwt('{"id": 9007199254740993, "delivery": "d-1"}'))
    const { event, changes } = await outcomeOf(mapper, given, rules)
    expect(event.id).toBe('d-1')
    // Every digit stays, and the digest is that of the bytes that came.
    expect(changes).toMatchObject([{ item: { id: 'post:9007199254740993', json: { digest: given.digest } } }])
  })

  test('may hold JSON in texts of its own, one in the other', async () => {
    const inner = JSON.stringify({ id: 12345678901234567890n.toString(), nested: true })
    const claims = JSON.stringify({ data: JSON.stringify({ data: inner, kind: 'x' }) })
    expect(await idsOf(jwt(claims), '{ format: jwt, json: [data, data.data], root: data.data }')).toEqual([
      'post:12345678901234567890',
    ])
  })

  test('may be a form field; the same as plain JSON stays as it is', async () => {
    const packing = '{ json: [payload], root: payload }'
    const mapper = await mapperOf(records, { head: `body: ${packing}` })
    const read = (type: string, body: string) =>
      readWebhook({
        method: 'POST',
        path: '/',
        query: '',
        headers: { 'content-type': type },
        body: Buffer.from(body),
        limit: 1000,
      })
    const form = await read('application/x-www-form-urlencoded', `payload=${encodeURIComponent('{"id":7}')}`)
    const plain = await read('application/json', '{"id":7}')
    for (const one of [form, plain]) {
      expect((await outcomeOf(mapper, one, rules)).changes).toMatchObject([{ item: { id: 'post:7' } }])
    }
  })

  test('is read as text when it is a JWT that calls itself JSON', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const body = Buffer.from(jwt('{"id":1}'))
    const read = await readWebhook({ method: 'POST', path: '/', query: '', headers, body, limit: 1000 })
    expect(read.body).toBe(body.toString())
  })

  test.each([
    ['no JWT', 'hello', 'the body is no JWT'],
    ['a JSON object', '{"id":1}', 'the body is no JWT'],
    ['an encrypted JWT', 'eyJh.a.b.c.d', 'the body is no JWT'],
    ['a JWT of no JSON', 'eyJh.aGVsbG8.x', 'the payload of the JWT is not JSON'],
    ['a member of no JSON', jwt('{"data":"hello canary"}'), "member 'data' of the body is not JSON"],
  ])('that can not be unpacked, %s, fails and says why without the content', async (_name, body, reason) => {
    const problems = await idsOf(body, '{ format: jwt, json: [data] }')
    expect(problems).toEqual([`mapper 'test', body: ${reason}`])
  })

  test('that can not be unpacked is no ping', async () => {
    const mapper = await mapperOf(records, { head: 'body: { format: jwt }\npings: [{ name: any, match: "true" }]' })
    expect(await mapper.readPing(webhook('hello'))).toBeNull()
    expect(await mapper.readPing(webhook(jwt('{"id":1}')))).toMatchObject({ status: 200 })
  })

  test('has members, not expressions: anything else is a mistake', async () => {
    const text = `name: test\ntitle: Test\nbody: { json: ["a b"] }\nrecords:${records}`
    const issues = await issuesOf(() => load({ 'test.yaml': text }))
    expect(issues).toMatchObject([{ path: expect.stringContaining('body.json[0]') }])
  })

  test('is unpacked for a module, and for a mapper that extends one', async () => {
    const library = await load({
      'own.yaml': `name: own\ntitle: Own\nbody: { format: jwt }\nrecords: ${records}`,
      'more.yaml': 'name: more\nextends: own\nbody: { root: inner }',
      'module.ts': `export default ({ defineMapper, tombstone, z }) => defineMapper({
        name: 'module', title: 'Module', body: { format: 'jwt', json: ['inner'], root: 'inner' },
        input: z.object({ id: z.number() }), map: ({ id }) => [tombstone('post:' + id, { type: 'post' })] })`,
    })
    const { bindMapper } = await import('../../../src/mapping/library/bind.ts')
    for (const [name, claims] of [
      ['more', '{"inner":{"id":3}}'],
      ['module', '{"inner":"{\\"id\\":3}"}'],
    ] as const) {
      const mapper = bindMapper(library.get(name)!, { source: 'test' })
      const { changes } = await outcomeOf(mapper, webhook(jwt(claims)), rules)
      expect(JSON.stringify(changes), name).toContain('"post:3"')
    }
  })
})
