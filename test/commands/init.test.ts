import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Ask, withQuestions } from '../../src/commands/questions.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { runCommand } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'
import { runHere } from './run-here.ts'

const { names } = await loadMappers()
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** Values for the environment variables of a file; a secret that every way of writing a key accepts (Contentful's has 64 characters). */
function environmentOf(text: string): Record<string, string> {
  const used = [...JSON.stringify(parse(text)).matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name = '']) => name)
  const valueFor = (name: string) => {
    if (name === 'BAINQUET_CONNECTOR_TOKEN') return 'con_1.long-enough-for-a-secret'
    if (name.endsWith('_PUBLIC_KEY')) return pem
    if (name.endsWith('_COLLECTIONS')) return '{"64b6d769ad12d6c4df3ee77e":"blog-posts"}'
    if (name.endsWith('_LOCALES')) return 'en,de'
    if (/_(API|PUBLIC)_URL$/.test(name)) return 'https://cms.example.com/api'
    return name.endsWith('_CURRENCY') ? 'EUR' : 'deadbeef'.repeat(8)
  }
  return Object.fromEntries(used.map((name) => [name, valueFor(name)]))
}

async function initIn(args: readonly string[], output = join(createFolder(), 'relay.yaml')) {
  const ran = await runHere(['init', ...args, '--output', output])
  return { ...ran, file: output, text: existsSync(output) ? readFileSync(output, 'utf8') : '' }
}

describe('init writes a configuration', () => {
  test.each(names)('for %s that check accepts once the environment is set', async (name) => {
    const { code, stderr, stdout, text, file } = await initIn([name, '--site', 'example.com'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const environment = environmentOf(text)
    const checked = await runHere(['check', '--config', file], environment)
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    expect(checked.stdout).toContain(`/webhooks/${name}`)
    expect(checked.stdout).not.toContain('warning')
    for (const variable of Object.keys(environment)) expect(stdout).toContain(variable)
    expect(stdout).toContain(`https://<relay>/webhooks/${name}`)
    expect(stdout).toContain(`docs/cms/${name}.md`)
    expect(existsSync(join(import.meta.dirname, `../../docs/cms/${name}.md`))).toBe(true)
  })

  test('that check refuses as long as a variable is not set', async () => {
    const { file, text } = await initIn(['shopify', '--site', 'example.com'])
    const { SHOPIFY_WEBHOOK_SECRET: _secret, ...rest } = environmentOf(text)
    const { code, stderr } = await runHere(['check', '--config', file], rest)
    expect(code).toBe(1)
    expect(stderr).toContain('SHOPIFY_WEBHOOK_SECRET')
  })

  test('with the site as it is given, in any form', async () => {
    const { text } = await initIn(['shopify', '--site', 'https://WWW.Example.com/', '--source', 'my-shop'])
    expect(text).toContain('site_domain: www.example.com')
    expect(text).toContain('origin: https://www.example.com')
    expect(text).toContain('  my-shop:')
    expect(text).toContain('${MY_SHOP_WEBHOOK_SECRET}')
  })

  test('to ./relay.yaml where nothing else is said, and says what is left to do', async () => {
    const cwd = createFolder()
    const ran = await runCommand(['init', 'ghost', '--site', 'example.com'], { cwd })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/cms-relay check$/m)
    expect(readFileSync(join(cwd, 'relay.yaml'), 'utf8')).toContain('mapper: ghost')
  })
})

describe('init overwrites nothing', () => {
  test('unless it is told to', async () => {
    const file = join(createFolder(), 'relay.yaml')
    writeFileSync(file, 'mine: true\n')
    const refused = await initIn(['shopify', '--site', 'example.com'], file)
    expect(refused).toMatchObject({ code: 1, stdout: '', text: 'mine: true\n' })
    expect(refused.stderr).toMatch(/is there already: --force/)
    const forced = await initIn(['shopify', '--site', 'example.com', '--force'], file)
    expect(forced).toMatchObject({ code: 0, text: expect.stringContaining('mapper: shopify') })
  })

  test.each<[string, number, readonly string[], RegExp]>([
    ['no CMS is named and nobody can be asked', 2, ['--site', 'example.com'], /say which CMS: .*there is .*shopify/],
    ['no site is named and nobody can be asked', 2, ['shopify'], /--site HOST/],
    ['the CMS is unknown', 1, ['shopfy', '--site', 'example.com'], /no mapper 'shopfy': did you mean shopify/],
    ['the site is no host', 2, ['shopify', '--site', 'example.com/shop'], /--site 'example.com\/shop'/],
    ['the source can not be named so', 2, ['shopify', '--site', 'example.com', '--source', 'a b'], /--source 'a b'/],
  ])('where %s', async (_name, code, args, words) => {
    const ran = await initIn(args)
    expect(ran).toMatchObject({ code, stdout: '', text: '' })
    expect(ran.stderr).toMatch(words)
  })

  test('where the folder is not there', async () => {
    const ran = await initIn(['shopify', '--site', 'example.com'], join(createFolder(), 'nowhere', 'relay.yaml'))
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ENOENT') })
  })

  test('where standard input is a pipe', async () => {
    const cwd = createFolder()
    const ran = await runCommand(['init'], { cwd, input: 'shopify\nexample.com\n' })
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('say which CMS') })
    expect(existsSync(join(cwd, 'relay.yaml'))).toBe(false)
  })
})

describe('the questions', () => {
  const choices = [
    { name: 'ghost', title: 'Ghost' },
    { name: 'shopify', title: 'Shopify' },
  ]

  async function asked<T>(lines: readonly string[], work: (ask: Ask) => Promise<T>) {
    const input = new PassThrough()
    const output = new PassThrough()
    const rest = [...lines]
    let shown = ''
    output.on('data', (chunk) => {
      shown += chunk
      if (!String(chunk).endsWith(': ')) return
      const line = rest.shift()
      if (line === undefined) input.end()
      else input.write(`${line}\n`)
    })
    return { value: await withQuestions(work, { input, output }), shown: () => shown }
  }

  test.each([['2'], ['shopify'], ['SHOPIFY']])('take %j as a choice', async (line) => {
    const { value, shown } = await asked([line], (ask) => ask.choice('Which?', choices))
    expect(value).toBe('shopify')
    expect(shown()).toContain('  2  Shopify (shopify)')
  })

  test('take answers that come before they are asked', async () => {
    const input = new PassThrough()
    input.write('1\n2\n')
    const work = async (ask: Ask) => [await ask.choice('Which?', choices), await ask.choice('And?', choices)]
    expect(await withQuestions(work, { input, output: new PassThrough() })).toEqual(['ghost', 'shopify'])
  })

  test('are asked again after an answer that is none', async () => {
    const { value, shown } = await asked(['0', 'x', '1'], (ask) => ask.choice('Which?', choices))
    expect(value).toBe('ghost')
    expect(shown().match(/There is no such choice/g)).toHaveLength(2)
  })

  test('end in words where the input ends', async () => {
    await expect(asked([], (ask) => ask.choice('Which?', choices))).rejects.toThrow('nothing is written')
  })
})
