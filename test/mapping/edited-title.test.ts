import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { readWebhook } from '../../src/mapping/webhook/webhook.ts'
import { fixtureBytes, fixtureSource, fixtures, readFetched } from './fixtures.ts'
import { outcomeOf } from './support.ts'

const library = await loadMappers({ checkBuiltIn: true })
/** They send the json that they are given, and their documentation says to repeat the title in it. */
const asTold = ['generic', 'standard-webhooks']
const names = library
  .list()
  .map(({ name }) => name)
  .filter((name) => !asTold.includes(name))

interface Upsert {
  readonly item?: { readonly title?: string; readonly checksum: string }
}

/** A value in which another text stands wherever the first one stood. */
function edited(value: unknown, from: string, to: string): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_key, text) => (text === from ? to : text))
}

test.each(names)('%s: an edited title changes the checksum, so that it arrives', async (cms) => {
  const folder = join(fixtures, cms)
  const { siteDomain, vars, models } = fixtureSource(cms)
  const mapper = bindMapper(library.get(cms)!, { source: cms, vars, models })
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))

  async function upsertsOf(file: string, from: string, to: string): Promise<readonly Upsert['item'][]> {
    const bytes = fixtureBytes(join(folder, file))
    const fetched = readFetched(join(folder, file)).map((answer) => ({
      ...answer,
      body: edited(answer.body, from, to),
    }))
    const body = isObject(bytes.body) ? Buffer.from(JSON.stringify(edited(jsonOf(bytes.body), from, to))) : bytes.body
    const rules = { siteDomain, defaultLanguage: 'en' }
    const { changes } = await outcomeOf(mapper, await readWebhook({ ...bytes, body }), rules, fetched)
    return (changes as readonly Upsert[]).map(({ item }) => item)
  }

  for (const file of files) {
    for (const [index, item] of (await upsertsOf(file, '', '')).entries()) {
      if (item?.title === undefined) continue
      const after = (await upsertsOf(file, item.title, `${item.title}, edited`))[index]
      if (after?.title === item.title) continue // made of more than one field
      expect(after?.checksum, `${file}: ${item.title}`).not.toBe(item.checksum)
    }
  }
})

function isObject(body: Buffer): boolean {
  return body.toString('utf8', 0, 1) === '{'
}

function jsonOf(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8'))
}
