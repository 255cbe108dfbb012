import { describe, expect, test } from 'vitest'
import { planOf } from '../../../src/commands/set-up/init/plan.ts'
import { withQuestions } from '../../../src/commands/set-up/init/questions.ts'
import { readPublicUrl } from '../../../src/commands/set-up/init/relay-address.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { personWith } from './asked.ts'

const library = await loadMappers()
const flags = { output: 'relay.yaml', secret: [], var: [], model: [], add: false, force: false, yes: false, isTerminal: true, env: {} } // biome-ignore format: one idea
const nothing = { sources: [], site: null }

async function planned(lines: readonly string[], mapper?: string, model: readonly string[] = []) {
  const { terminal, shown } = personWith(lines)
  const plan = await withQuestions(
    (ask) => planOf({ ...flags, mapper, model } as never, library, nothing, ask),
    terminal,
  )
  return { plan, shown: shown() }
}

describe('what a person types by mistake', () => {
  test('the url of a page is taken for its host', async () => {
    const { plan } = await planned(['', 'https://WWW.Shop.example.com/collections/all?page=2', ''], 'shopify')
    expect(plan.site).toBe('www.shop.example.com')
  })

  test('a word, or an answer to another question, is no host', async () => {
    const { plan, shown } = await planned(['', 'clear', 'con_1.a-secret', 'example.com', ''], 'shopify')
    expect(plan.site).toBe('example.com')
    expect(shown.match(/That is no host name/g)).toHaveLength(2)
  })

  test('nor is it the address of the relay', async () => {
    const { terminal, shown } = personWith(['sandbox', 'con_1.a-secret', 'relay.example.com/'])
    expect(await withQuestions((ask) => readPublicUrl(undefined, ask), terminal)).toBe('https://relay.example.com')
    expect(shown().match(/That is no address/g)).toHaveLength(2)
  })

  test.each(['localhost:3000', '127.0.0.1:3000', '[::1]'])('%s is an address: tests run there', async (host) => {
    expect(await readPublicUrl(host, null)).toBe(`https://${host}`)
  })

  test('a list with blanks between its entries is asked for again, as it is meant', async () => {
    const answers = ['', 'example.com', 'en-US de-DE', 'en-US, de-DE']
    const { plan, shown } = await planned(answers, 'contentful', ['post'])
    expect(shown).toContain('Put commas between them: en-US, de-DE')
    expect(plan.vars['locales']).toEqual(['en-US', 'de-DE'])
  })

  test('Enter where a CMS is to be named says what is wanted', async () => {
    const { shown } = await planned(['', 'shopify', '', 'example.com', ''])
    expect(shown).toContain('Type a number, or a name.')
  })
})
