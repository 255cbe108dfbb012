import { execFile, spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'cms-relay-package-'))
const project = join(scratch, 'project')
const newNode = dirname(process.execPath)
/** Minutes on a slow machine: npm gets packages. */
const patient = 180_000

/** An environment as a person has: nothing of npm's that runs the tests, and the folders of programs that are given. */
function environment(first: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_ENV|NODE_OPTIONS|NODE_COMPILE|VITEST|RELAY_|CI$)/i.test(name),
  )
  const paths = (process.env['PATH'] ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
  return { ...Object.fromEntries(own), PATH: [first, ...paths].join(delimiter) }
}

async function run(cwd: string, file: string, args: readonly string[], first = newNode) {
  const options = { cwd, env: environment(first), maxBuffer: 64 * 1024 * 1024 }
  try {
    return { code: 0, ...(await promisify(execFile)(file, args, options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

afterAll(() => rm(scratch, { recursive: true, force: true }), patient) // thousands of files

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

let packed: Packed

beforeAll(async () => {
  // As a checkout has that was tried: secrets beside the example.
  const secrets = join(root, 'examples/.env')
  const hadSecrets = existsSync(secrets)
  if (!hadSecrets) writeFileSync(secrets, 'SECRET=1')
  const { stdout } = await run(root, 'npm', ['pack', '--json', '--pack-destination', scratch])
  if (!hadSecrets) rmSync(secrets)
  packed = (JSON.parse(stdout) as readonly Packed[])[0]! // so nothing else is in standard output
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"commonjs"}') // as npm init writes it
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(scratch, basename(packed.filename))]
  const { code, stderr } = await run(project, 'npm', args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
}, patient)

const installed = (path: string) => join(project, 'node_modules/cms-relay', path)
const read = (path: string) => readFileSync(path, 'utf8')

describe('what is packed', () => {
  test('is named: no tests, no source, nothing that only development needs', () => {
    const paths = packed.files.map(({ path }) => path)
    const folders = new Set(paths.map((path) => path.split('/')[0]!))
    const known = 'bin dist docs examples schemas CHANGELOG.md LICENSE README.md SECURITY.md package.json'.split(' ')
    expect([...folders].filter((folder) => !known.includes(folder))).toEqual([])
    expect(
      paths.filter((path) => /\.test\.|^dist\/(packages\/[^/]+\/)?test\/|^dist.*(?<!\.d)\.ts$|\.map$/.test(path)),
    ).toEqual([])
  })

  test('is, but for dist/, what the repository has: no .env, no data', async () => {
    const { stdout } = await run(root, 'git', ['ls-files'])
    const tracked = new Set(stdout.split('\n'))
    const strange = packed.files
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('dist/') && !tracked.has(path))
    expect(strange).toEqual([])
  })

  test('is in dist/ each file of the source, line for line', () => {
    const sources = globSync(['src/**/*.*', 'routes/**/*.ts', 'mappers/*.*', 'packages/*/src/*.ts'], { cwd: root })
    expect(sources.length).toBeGreaterThan(400)
    for (const file of sources) {
      const made = read(installed(join('dist', file.replace(/\.ts$/, '.js'))))
      expect([file, made.split('\n').length]).toEqual([file, read(join(root, file)).split('\n').length])
    }
  })

  test('leaves nothing in the checkout', () => expect(existsSync(join(root, 'dist'))).toBe(false))
})

interface Bom {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } }
  readonly components: readonly { readonly name: string }[]
}

test('npm run sbom lists what production needs, and nothing else', async () => {
  const { code, stdout } = await run(root, 'npm', ['run', '--silent', 'sbom'])
  expect(code).toBe(0)
  const { bomFormat, metadata, components } = JSON.parse(stdout) as Bom
  expect(bomFormat).toBe('CycloneDX')
  expect(metadata.component).toMatchObject({ name: 'cms-relay', version: packageJson.version })
  const names = components.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)))
  // Fastify brings ajv, so production has it as well.
  expect(names.filter((name) => Object.hasOwn(packageJson.devDependencies, name))).toEqual(['ajv'])
})

const config = `
destinations: { main: { token: con.package-secret, website_id: w, site_domain: example.com } }
sources: { shop: { mapper: shopify, destination: main, secret: package-webhook-secret, vars: { origin: "https://example.com" } } }
`

describe('the package in an empty folder, installed without scripts', () => {
  test('checks a configuration, and has the version of the package', async () => {
    writeFileSync(join(project, 'relay.yaml'), config)
    onTestFinished(() => rmSync(join(project, 'relay.yaml')))
    const checked = await run(project, 'npx', ['cms-relay', 'check'])
    expect(checked.stdout).toContain('relay.yaml: valid')
    expect(checked.code).toBe(0)
    expect((await run(project, 'npx', ['cms-relay', '--version'])).stdout).toBe(`${packageJson.version}\n`)
  })

  test('runs the sandbox: a webhook goes the whole way', async () => {
    const child = spawn('npx', ['cms-relay', 'serve'], {
      cwd: project,
      env: { ...environment(newNode), PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)))
    const lines: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    const urlIn = (pattern: RegExp) => pattern.exec(lines.join('\n'))?.[1] ?? expect.fail('not yet')
    const origin = await vi.waitFor(() => urlIn(/(http:\/\/127\.0\.0\.1:\d+)\/webhooks\//), 30_000)
    const ingest = await vi.waitFor(() => urlIn(/(http:\/\/127\.0\.0\.1:\d+)\/items/), 30_000)

    const post = {
      event: 'post.published',
      type: 'post',
      id: 1,
      url: 'https://example.com/p',
      title: 'P',
      html: '<p>p</p>',
    }
    const body = JSON.stringify(post)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${origin}/webhooks/demo`, { method: 'POST', headers, body })
    expect(answer.status).toBe(202)
    await vi.waitFor(async () => expect(await (await fetch(`${ingest}/items`)).text()).toContain('"P"'), 30_000)
    child.kill('SIGTERM')
    await ended
  }, 60_000)

  test('says in a sentence what an old Node lacks, and runs with a newer one beside it', async () => {
    const old = join(scratch, 'old')
    mkdirSync(old)
    writeFileSync(join(old, 'package.json'), '{"private":true,"allowScripts":{"node":true}}')
    await run(old, 'npm', ['install', '--no-audit', '--no-fund', 'node@20.20.2'])
    const bin = join(old, 'node_modules/node/bin')
    expect((await run(old, join(bin, 'node'), ['--version'])).stdout).toBe('v20.20.2\n')
    expect(await run(project, join(project, 'node_modules/.bin/cms-relay'), ['mappers'], bin)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'cms-relay needs Node 24.12 or newer, and this is 20.20.2: install that, or run `npx -p node@24 -p cms-relay cms-relay`\n',
    })

    const node = join(project, 'node_modules/node')
    mkdirSync(join(node, 'bin'), { recursive: true })
    onTestFinished(() => rmSync(node, { recursive: true }))
    writeFileSync(join(node, 'package.json'), JSON.stringify({ name: 'node', version: process.versions.node }))
    symlinkSync(process.execPath, join(node, 'bin/node'))
    const { code, stdout } = await run(project, 'npx', ['cms-relay', 'mappers'], bin)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^shopify\b/m)
    // And so does the checkout, in which npm ci has brought one.
    const inCheckout = await run(root, 'npx', ['cms-relay', '--version'], bin)
    expect(inCheckout).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
  }, 300_000)
})

const mapper = `
import { absolute, bcp47, defineMapper, item, locales, markdown, price, richtext, sanitize, slug, text, tombstone, whole, z } from 'cms-relay/mapper'
import type { Ping, Webhook } from 'cms-relay/mapper'

const pong = (webhook: Webhook): Ping | null => (webhook.method === 'GET' ? { status: 200, unsigned: false } : null)

export default defineMapper({
  name: 'papyrus',
  vars: { origin: { required: true, format: 'origin' } },
  ping: pong,
  input: z.object({ gone: z.boolean(), number: z.number(), body: z.string(), cents: z.number().optional() }),
  map: ({ gone, number, body, cents }, { vars }) => {
    const html: string | undefined = sanitize(markdown(body))
    const amount: { value: number; currency: string } | undefined = price(cents, 'eur', 2)
    return gone
      ? [tombstone(whole\`post:\${number}\`, { type: 'post' })]
      : [
          item(whole\`post:\${number}\`, {
            type: 'post',
            url: absolute(slug(body), vars['origin']) ?? '',
            language: bcp47('en_us'),
            html,
            text: text(html),
            attributes: { amount, rows: locales({ title: { en: 'x' } }, ['en'], 'en')?.length, none: richtext(null, 'dast') },
          }),
        ]
  },
})
`

describe("a user's mapper in TypeScript", () => {
  test('maps a webhook', async () => {
    mkdirSync(join(project, 'mappers'))
    writeFileSync(join(project, 'mappers/papyrus.ts'), mapper)
    writeFileSync(join(project, 'mappers.yaml'), 'mappers_dir: mappers')
    writeFileSync(join(project, 'fixture.json'), '{"body":{"gone":false,"number":7,"body":"Hello *you*","cents":1999}}')
    const args =
      'cms-relay map --config mappers.yaml --mapper papyrus --var origin=https://example.com --fixture fixture.json'
    const { code, stdout, stderr } = await run(project, 'npx', args.split(' '))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      changes: [{ item: { id: 'post:7', url: 'https://example.com/hello-you', language: 'en-US', text: 'Hello you' } }],
    })
  })

  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'is checked by tsc: module %s, resolution %s',
    async (module, moduleResolution) => {
      const compilerOptions = {
        ...{
          module,
          moduleResolution,
          target: 'esnext',
          lib: ['esnext', 'dom'],
          types: [],
          noEmit: true,
          strict: true,
        },
        ...{
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          allowImportingTsExtensions: true,
        },
      }
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['mappers'] }))
      const check = () => run(project, join(root, 'node_modules/.bin/tsc'), ['-p', '.'])
      const wrong = join(project, 'mappers/wrong.ts')
      expect((await check()).stdout).toBe('')
      writeFileSync(wrong, mapper.replace("whole`post:${number}`, { type: 'post' }", '7, {}'))
      onTestFinished(() => rmSync(wrong))
      expect((await check()).stdout).toMatch(/^mappers\/wrong\.ts.*error/m)
    },
    60_000,
  )
})
