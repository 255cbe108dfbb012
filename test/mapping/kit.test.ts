import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compileExpression, type ExpressionFunction } from '../../packages/jsonata-compile/index.ts'
import { functions } from '../../src/mapping/functions/table.ts'
import * as kit from '../../src/mapping/kit.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { run } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'
import { load, webhook } from './support.ts'

const helpers = kit as unknown as Record<string, ExpressionFunction & ((...values: unknown[]) => unknown)>

test('modules have every function that expressions have, with as many parameters', () => {
  expect(Object.keys(kit)).toEqual(expect.arrayContaining(Object.keys(functions)))
  for (const [name, { length }] of Object.entries(functions))
    expect([name, helpers[name]!.length]).toEqual([name, length])
})

const record = {
  title: { en: 'Hello', de: 'Hallo' },
  html: '<p onclick="x()">One <b>two</b><script>3</script></p>',
  dast: { schema: 'dast', document: { type: 'root', children: [{ type: 'thematicBreak' }] } },
}

const calls: readonly (readonly [string, ...unknown[]])[] = [
  ['price', '1999', 'usd', 2],
  ['price', '', 'usd'],
  ['price', '1,299.00', 'usd'],
  ['absolute', '/a b', 'https://example.com/x'],
  ['absolute', 'mailto:a@b.c'],
  ['bcp47', 'zh_hant_tw'],
  ['bcp47', 'not a tag'],
  ['slug', 'Straße & Ärger'],
  ['markdown', '# One\n\n- two'],
  ['markdown', 3],
  ['richtext', record.dast, 'dast', { base: 'https://example.com' }],
  ['richtext', record.dast, 'nope'],
  ['richtext', '[gallery]<p>x</p>', 'wordpress', { shortcodes: ['gallery'], rendered: true }],
  ['sanitize', record.html],
  ['text', record.html],
  ['sha256', 'x'],
  ['base64text', 'w6TDtsO8'],
  ['base64text', '*'],
  ['utc', 'Tue, 02 Jan 2024 03:04:05 +0100'],
  ['utc', 'yesterday'],
  ['locales', record, ['en', 'de']],
  ['locales', { title: { en: 'Hello' } }, ['en', 'de'], 'en'],
]

/** What comes of it: the value as JSON has it, or what is thrown. */
function outcomeOf(evaluate: () => unknown): unknown {
  try {
    const value = evaluate()
    return value === undefined ? 'nothing' : JSON.parse(JSON.stringify(value))
  } catch (error) {
    // An expression says where it stands, besides.
    return { thrown: /\$\w+: .*?(?= near '|$)/.exec((error as Error).message)?.[0] }
  }
}

describe('a module and an expression get the same from', () => {
  test('every function', () => expect(new Set(calls.map(([name]) => name))).toEqual(new Set(Object.keys(functions))))

  test.each(calls.map(([name, ...values]) => ({ name, values })))('$name($values)', ({ name, values }) => {
    const names = values.map((_, index) => `$a${index}`)
    const scope = Object.fromEntries(values.map((value, index) => [`a${index}`, value]))
    const expression = `$${name}(${names.join(', ')})`
    const written = outcomeOf(() =>
      compileExpression(expression, { functions, timeLimitMs: 1_000 }).evaluate({}, scope),
    )
    expect(outcomeOf(() => helpers[name]!(...(values as never[])))).toEqual(written)
  })
})

const importing = `
import { absolute, defineMapper, item, price, z } from 'cms-relay/mapper'
export default defineMapper({
  name: 'mine',
  input: z.object({ id: z.string(), cents: z.number() }),
  map: ({ id, cents }, { vars }) => [
    item(id, { type: 'product', url: absolute(id, vars.origin), html: '<p>A</p>', attributes: { price: price(cents, 'eur', 2) } }),
  ],
  vars: { origin: { required: true, format: 'origin' } },
})
`

test('a module may import them, and a function that a module exports is given them', async () => {
  const given = importing
    .replace(/import (.*) from 'cms-relay\/mapper'\nexport default (.*)$/ms, 'export default ($1) => $2')
    .replace("'mine'", "'given'")
  const library = await load({ 'mine.ts': importing, 'given.ts': given })
  for (const name of ['mine', 'given']) {
    const mapper = bindMapper(library.get(name)!, { source: 's', vars: { origin: 'https://example.com' } })
    expect(await mapper.map(webhook({ id: 'chair', cents: 1999 }))).toMatchObject({
      problems: [],
      drafts: [
        {
          fields: {
            url: 'https://example.com/chair',
            attributes: { price: { value: 19.99, unit: 'currency', currency: 'EUR' } },
          },
        },
      ],
    })
  }
})

test('a folder of mappers anywhere can import them: the relay that reads it has them', async () => {
  const folder = createFolder()
  mkdirSync(join(folder, 'mine'))
  writeFileSync(join(folder, 'mine/mine.ts'), importing)
  writeFileSync(join(folder, 'fixture.json'), '{"body":{"id":"chair","cents":1999}}')
  writeFileSync(join(folder, 'relay.yaml'), 'mappers_dir: mine')
  const cli = join(import.meta.dirname, '../../bin/cms-relay.js')
  const args = [cli, 'map', '--mapper', 'mine', '--var', 'origin=https://example.com', '--fixture', 'fixture.json']
  const { stdout, stderr, code } = await run(process.execPath, args, { cwd: folder })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ changes: [{ kind: 'upsert', item: { id: 'chair' } }] })
})
