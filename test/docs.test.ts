import { generateKeyPairSync } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../src/commands/program.ts'
import { loadConfig, readConfig } from '../src/config/load.ts'
import { composeSources } from '../src/wiring/sources.ts'
import { run } from './e2e/process.ts'

const project = join(import.meta.dirname, '..')
const pages = [...globSync(['*.md', 'docs/**/*.md'], { cwd: project })].sort()
const read = (file: string) => readFileSync(join(project, file), 'utf8')

/** Text without what is code: a bracket in an example is no link. */
function prose(text: string): string {
  return text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '')
  return plain.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-') // biome-ignore format: one idea
}

function anchorsIn(file: string): readonly string[] {
  const text = read(file).replace(/^( *)(```|~~~)[\s\S]*?^\1\2$/gm, '')
  return [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

test('there are pages to look at', () => expect(pages.length).toBeGreaterThan(15))

describe.each(pages)('%s', (page) => {
  const text = read(page)

  test('links to files, and headings in them, that exist', () => {
    const targets = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#')
        const file = path === '' ? page : join(dirname(page), decodeURI(path))
        if (!existsSync(join(project, file))) return true
        return anchor !== undefined && file.endsWith('.md') && !anchorsIn(file).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  test('names commands that exist', () => {
    const commands = new Set(createProgram({}).commands.map((command) => command.name()))
    const named = [...text.matchAll(/\b(?:npx|exec relay) cms-relay +([a-z]+)\b/g)].map(([, command = '']) => command)
    expect(named.filter((command) => !commands.has(command))).toEqual([])
  })

  test('names scripts of package.json that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, script = '']) => script)
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([])
  })
})

test('the changelog has the version of the package, with its day, and the upgrade page speaks of its migrations', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## \\[${RegExp.escape(version)}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm'))
  expect(read('docs/upgrade.md')).toContain(version)
})

test('the index of decisions leads to every one', () => {
  const index = read('docs/decisions/README.md')
  const decisions = globSync('*.md', { cwd: join(project, 'docs/decisions'), exclude: ['README.md'] })
  expect(decisions.length).toBeGreaterThan(20)
  expect(decisions.filter((file) => !index.includes(`(${file})`))).toEqual([])
})

const systems = globSync('docs/cms/*.md', { cwd: project, exclude: ['docs/cms/README.md'] }).sort()

test.each(systems)('%s says what changes without a webhook', (page) => {
  const [, section = '', ...more] = read(page).split(/^## What changes without a webhook\n/m)
  expect(more).toEqual([])
  const told = section.split(/^## /m)[0] ?? ''
  expect(told.match(/^(- |\| )/gm)?.length).toBeGreaterThan(2) // what it is
  expect(told.match(/^(?![-| ]).+/gm)?.length).toBeGreaterThan(0) // and what to do about it
})

test('the threat model names tests that exist, and for each threat at least one', () => {
  const text = read('docs/security.md')
  const named = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+\.test\.ts)\)/g)]
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(([, name = '', file = '']) => {
    const source = read(file)
    return ![`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted))
  })
  expect(missing.map(([, name, file]) => `${file}: ${name}`)).toEqual([])
  const threats = text.match(/^\| (?!---|Threat)[^|]+ \| [^|]+ \| .*\|$/gm) ?? []
  expect(threats.length).toBeGreaterThan(30)
  const unshown = threats.filter(
    (row) => !/\]\(\.\.\/(test|packages\/[a-z-]+\/test)\//.test(row) && !row.includes('`npm run audit`'),
  )
  expect(unshown).toEqual([])
})

test('tables that are made from code are current', async () => {
  const { code, stderr } = await run(process.execPath, ['docs/generate.ts', '--check'], { cwd: project })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('every dependency has its reason, in the version that is used', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const text = read('docs/decisions/dependencies.md')
  const missing = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([name, version]) => !text.includes(`| [${name}](https://www.npmjs.com/package/${name}) | ${version} | `),
  )
  expect(missing).toEqual([])
})

test('the complete example is a valid configuration, with the variables of .env.example', async () => {
  const lines = read('examples/.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)
  const env = Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
  const { config } = loadConfig(join(project, 'examples/relay.yaml'), env)
  const { sources } = await composeSources(config)
  expect([...sources.keys()]).toEqual(Object.keys(config.sources))
})

const snippets = ['README.md', 'docs/configuration.md', ...globSync('docs/cms/*.md', { cwd: project })].flatMap(
  (page) =>
    [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
      .map(([, text = '']) => text)
      .filter((text) => /^(destinations|sources):/m.test(text))
      .map((text, index) => ({ page, text, name: `${page}, example ${index + 1}` })),
)

test('there are examples to look at', () => expect(snippets.length).toBeGreaterThan(5))

const publicKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).publicKey

/** A value that passes for what a variable of this name holds: a key, a secret (hex and base64 are read, too), a token. */
function sampleOf(name: string): string {
  if (name.endsWith('PUBLIC_KEY')) return publicKey
  return name.endsWith('SECRET') ? '5ec12e7f'.repeat(8) : 'con_1.long-enough-for-a-secret'
}

test.each(snippets)('$name of a configuration is valid', async ({ text }) => {
  const names = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name)
  const env = Object.fromEntries(names.map((name) => [name, sampleOf(name)]))
  const stub = { token: 'con_1.secret', website_id: 'site_1', site_domain: 'example.com' }
  const config = readConfig({ destinations: { main: stub }, ...parse(text) }, env)
  await expect(composeSources(config)).resolves.toBeDefined()
})
