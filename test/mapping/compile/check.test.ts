import { describe, expect, test } from 'vitest'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import { issuesOf, load, mapperOf } from '../support.ts'

const records = `
  - { name: story, fetch: { url: '"/stories/" & id' }, type: post, id: '"s"', url: url, text: text }
`
const check = `
check:
  method: POST
  url: '"/spaces/" & $vars.space'
  query: { page: 1, tag: ['"a"', '"b"'] }
  headers: { x-version: '"2"' }
  body: { query: '"{ me }"' }
  expect: $exists(me) and $answer.space = $vars.space
  needs: the scope read
`
const head = `fetch: { query: { version: '"published"' }, headers: { x-all: '"yes"' } }\nvars: { space: {} }${check}`

describe('check', () => {
  test('is a request below the base url with what all requests have', async () => {
    const mapper = await mapperOf(records, { head, vars: { space: 7 } })
    expect(await mapper.check!.request()).toEqual({
      method: 'POST',
      url: '/spaces/7?version=published&page=1&tag=a&tag=b',
      headers: { 'x-all': 'yes', 'x-version': '2' },
      body: { query: '{ me }' },
      isRecord: false,
    })
    expect(mapper.check!.needs).toBe('the scope read')
  })
  test('expects what its expression says of an answer; what can not be read so is not expected', async () => {
    const { check: own } = await mapperOf(records, { head, vars: { space: 7 } })
    expect(await own!.isExpected({ me: 1, space: 7 })).toBe(true)
    expect(await own!.isExpected({ me: 1, space: 8 })).toBe(false)
    expect(await own!.isExpected([])).toBe(false)
    const failing = await mapperOf(records, {
      head: head.replace('$exists(me)', '$number(me) > 0'),
      vars: { space: 7 },
    })
    expect(await failing.check!.isExpected({ me: 'x', space: 7 })).toBe(false)
  })
  test('is not made if its match does not hold', async () => {
    const matching = head.replace('method: POST', 'match: $vars.space > 5')
    expect(await (await mapperOf(records, { head: matching, vars: { space: 7 } })).check!.request()).not.toBeNull()
    expect(await (await mapperOf(records, { head: matching, vars: { space: 5 } })).check!.request()).toBeNull()
  })
  test('that can not be made up names the expression', async () => {
    const mapper = await mapperOf(records, { head })
    await expect(mapper.check!.request()).rejects.toThrow(/check\.url: .*"\/spaces\/" & \$vars\.space/)
  })
  test('is nothing in a mapper that asks no API', async () => {
    const plain = `\n  - { name: post, type: post, id: '"p"', url: url, text: text }\n`
    expect((await mapperOf(plain, { head })).check).toBeNull()
    expect((await mapperOf(records)).check).toBeNull()
  })
  test('with mistakes is a mistake at start, with its place', async () => {
    const broken = head.replace('\'"/spaces/" & $vars.space\'', '$nothing(').replace('$exists(me)', '$missing')
    const issues = await issuesOf(() => mapperOf(records, { head: broken }))
    expect(issues.map(({ path }) => path.replace(/^.*: /, ''))).toEqual(['check.url', 'check.expect'])
  })
  test('changes nothing that comes of a webhook, so not the version either', async () => {
    const without = head.replace(check, '')
    const versions = await Promise.all(
      [head, without].map(async (one) => (await mapperOf(records, { head: one })).version),
    )
    expect(versions[0]).toBe(versions[1])
  })
})

test('extends: a check is laid over, or taken away', async () => {
  const base = `name: base\ntitle: Base\n${head}\nrecords:${records}`
  const library = await load({
    'base.yaml': base,
    'child.yaml': `name: child\nextends: base\ncheck: { url: '"/me"', query: { tag: null }, needs: less }\n`,
    'none.yaml': 'name: none\nextends: base\ncheck: null\n',
  })
  const checkOf = (name: string) => bindMapper(library.get(name)!, { source: 's', vars: { space: 7 } }).check
  expect(await checkOf('child')!.request()).toMatchObject({ method: 'POST', url: '/me?version=published&page=1' })
  expect(checkOf('child')!.needs).toBe('less')
  expect(checkOf('none')).toBeNull()
  const wrong = await issuesOf(() =>
    load({ 'base.yaml': base, 'child.yaml': 'name: child\nextends: base\ncheck: { ulr: a }\n' }),
  )
  expect(wrong.map(({ path }) => path).join()).toMatch(/child.*check/)
})
