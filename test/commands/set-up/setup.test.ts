import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { needsOf } from '../../../src/commands/set-up/mapper-needs.ts'
import { setupSchema } from '../../../src/mapping/definition/setup.ts'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'

const library = await loadMappers()

/** A page as its reader sees it: without bold, links and line breaks. */
function pageOf(name: string): string {
  const text = readFileSync(join(import.meta.dirname, `../../../docs/cms/${name}.md`), 'utf8')
  return text
    .replaceAll('**', '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
}

/** What has to be the same letter by letter: code, what stands in quotes, and ways through menus. */
function lettersOf(step: string): readonly string[] {
  const quoted = [...step.matchAll(/`([^`]+)`|"([^"]+)"/g)].map(([, code, words]) => code ?? words ?? '')
  const menus = [...step.replace(/`[^`]*`/g, '').matchAll(/[^.:,>]+(?: > [^.:,>]+)+/g)].map(([menu]) => menu.trim())
  return [...quoted, ...menus]
}

describe.each(library.names)('the steps of %s', (name) => {
  const definition = library.get(name)!
  const { setup } = definition

  test('say nothing else than its page', () => {
    const page = pageOf(name)
    const strange = setup!.steps.flatMap(lettersOf).filter((letters) => !page.includes(letters))
    expect(strange).toEqual([])
  })

  test('name the address, and the secret that the relay makes', () => {
    const text = setup!.steps.join('\n')
    expect(text).toContain('{url}')
    expect(text.replace(/\{(url|secret|page)\}/g, '')).not.toMatch(/\{\w+\}/)
    const { secret } = needsOf(definition)
    expect(text.includes('{secret}')).toBe(secret && setup!.secret === 'relay')
  })

  test('know how its models are named', () => {
    expect(setup!.model !== undefined).toBe(needsOf(definition).models)
  })

  test('are led to by its page', () => {
    expect(pageOf(name)).toContain(`npx cms-relay init ${name}`)
  })
})

test('what is said of the CMS changes no version of a mapper', () => {
  const shopify = library.get('shopify')!
  const options = { source: 'shop', vars: { origin: 'https://example.com' } }
  const without = bindMapper({ ...shopify, setup: undefined }, options)
  expect(bindMapper(shopify, options).version).toBe(without.version)
})

test.each([
  [{ called: 'model', slug: 'slug', text: '{field}' }, true],
  [{ called: 'model' }, true],
  [{ called: '' }, false],
  [{ called: 'model', slug: '' }, false],
  [{ called: 'model', text: 'body' }, false],
])('a model that is asked for as %o may stand in a mapper: %s', (model, isTaken) => {
  expect(setupSchema.safeParse({ model, steps: ['Paste {url} and {secret}.'] }).success).toBe(isTaken)
})
