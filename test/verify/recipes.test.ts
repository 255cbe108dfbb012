import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createSigner, verifySchema } from '../../src/verify/verifier.ts'
import { delivery, reasonOf } from './support.ts'

interface Recipe {
  readonly system: string
  readonly secret: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly at: number
  readonly public_url?: string
  readonly query?: string
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const vectors = JSON.parse(read('../vectors/hmac-recipes.json')) as Recipe[]
const table = /<!-- recipes -->(.*?)<!-- \/recipes -->/s.exec(read('../../docs/writing-a-mapper.md'))?.[1] ?? ''
const settings = new Map(
  [...table.matchAll(/^\| ([^|]+?) \| `(\{.*)` \|$/gm)].map(([, system = '', text = '']) => [
    system,
    parse(text) as object,
  ]),
)

test('each recipe of the page has a vector, and each vector a recipe', () => {
  expect([...settings.keys()].sort()).toEqual(vectors.map(({ system }) => system).sort())
})

describe.each(vectors)('$system', ({ system, secret, body, headers, at, public_url, query = '' }) => {
  const config = { ...settings.get(system), ...(public_url !== undefined && { public_url }) }
  const given = delivery(headers, body, { query })
  const reason = (over: Partial<typeof given>, when = at) => reasonOf(config, [secret], { ...given, ...over }, when)

  test('is verified by its recipe', async () => {
    expect(await reason({})).toBeNull()
    expect(await reasonOf(config, ['b2YgYW5vdGhlcg=='], given, at)).toMatch(/does not match/)
  })
  test('a byte of what it signs, spoiled, is refused', async () => {
    const bytes = Buffer.from(body)
    bytes[bytes.length - 2]! ^= 1
    expect(await reason({ body: bytes })).toMatch(/does not match|longer than public_url/)
    if (public_url !== undefined)
      expect(await reason({ query: `${query}&x` })).toMatch(/does not match|longer than public_url/)
  })
  test('a time that is too far off is refused, in both directions', async () => {
    if (!('timestamp' in config)) return
    for (const by of [-86_400_000, 86_400_000]) expect(await reason({}, at + by)).toMatch(/^the timestamp is/)
  })
  test('what we sign by it is verified by it', async () => {
    const sign = createSigner(verifySchema.parse(config), [secret])
    const { body: bytes, headers: signed } = sign(given, { nowMs: at, id: 'msg_fresh' })
    expect(await reason({ body: bytes, headers: signed })).toBeNull()
  })
})
