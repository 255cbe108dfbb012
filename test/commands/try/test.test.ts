import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

const examples = join(import.meta.dirname, '../../../examples/mappers')
const mappers = ['--mappers', examples]

/** A copy of the example's fixtures, to be spoiled. */
function fixtures(): string {
  const folder = createFolder()
  cpSync(join(examples, 'fixtures/blog-post'), join(folder, 'blog-post'), { recursive: true })
  return folder
}
const run = (args: readonly string[], env: Record<string, string> = {}) => runHere(['test', ...args], env)
const edit = (file: string, from: string, to: string) => {
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(from)
  writeFileSync(file, text.replace(from, to))
}

describe('the examples', () => {
  test('come to what is expected', async () => {
    const { code, stdout, stderr } = await run([join(examples, 'fixtures'), ...mappers])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('ok  blog-post  3 of 3\nok  product  3 of 3\n6 fixtures: 6 as expected\n')
  })
  test.each(['blog-post', 'product'])('%s as a module comes to the same', async (name) => {
    const { code, stdout } = await run([join(examples, 'fixtures', name), ...mappers, '--mapper', `${name}-module`])
    expect(stdout).toContain('3 fixtures: 3 as expected')
    expect(code).toBe(0)
  })
})

describe('what is not as it should be', () => {
  test('a difference is shown with its path and both sides, and ends with 1', async () => {
    const folder = fixtures()
    edit(join(folder, 'blog-post/published.json'), '"Hello"', '"Hallo"')
    const { code, stdout, stderr } = await run([folder, ...mappers])
    expect(code).toBe(1)
    expect(stdout).toContain('not ok  blog-post  2 of 3\n  blog-post/published\n')
    expect(stdout).toContain('    changes[0].item.title\n      - "Hello"\n      + "Hallo"\n')
    expect(stderr).toBe('cms-relay: 3 fixtures: 2 as expected, 1 different\n')
  })
  test('a missing expectation and an orphan are failures, each with its cure', async () => {
    const folder = fixtures()
    renameSync(join(folder, 'blog-post/removed.json'), join(folder, 'blog-post/gone.json'))
    const { code, stdout } = await run([folder, ...mappers])
    expect(code).toBe(1)
    expect(stdout).toContain('blog-post/gone: there is no gone.expected.json: --update writes it')
    expect(stdout).toContain('blog-post/removed: there is no removed.json: delete removed.expected.json')
  })
  test('a fixture that is none, and a mapper that is none, stop none of the others', async () => {
    const folder = fixtures()
    writeFileSync(join(folder, 'blog-post/removed.json'), '{ "bodi": 1 }')
    edit(join(folder, 'blog-post/draft-again.json'), '{\n', '{\n  "mapper": "blog-pots",\n')
    const { code, stdout } = await run([folder, ...mappers])
    expect(code).toBe(1)
    expect(stdout).toMatch(/blog-post\/removed: removed\.json is no fixture: .*bodi/)
    expect(stdout).toMatch(
      /draft-again: no mapper 'blog-pots': did you mean blog-post\?; the folder of a fixture has the name/,
    )
    expect(stdout).toContain('not ok  blog-post  1 of 3')
  })
  test('a problem of mapping is a part of what comes out', async () => {
    const folder = fixtures()
    edit(join(folder, 'blog-post/published.json'), '"slug": "hello",', '')
    const { stdout } = await run([folder, ...mappers])
    expect(stdout).toMatch(/problems\[0\]\n {6}\+ ".*`slug` gave nothing/)
  })
  test.each([
    [['/no/such/folder'], 1, /there is no folder \/no\/such\/folder/],
    [[join(examples, 'fixtures/none')], 1, /there is no folder/],
    [[import.meta.dirname], 1, /there is no fixture in .*: a fixture is a webhook in NAME\.json/],
    [[], 2, /missing required argument 'folder'/],
  ])('%j ends with %i', async (args, code, message) => {
    const ran = await run(args)
    expect(ran.code).toBe(code)
    expect(ran.stderr).toMatch(message)
  })
})

test('--update writes what comes out, and leaves what is as expected alone', async () => {
  const folder = fixtures()
  const written = join(folder, 'blog-post/published.expected.json')
  edit(join(folder, 'blog-post/published.json'), '"Hello"', '"Hallo"')
  rmSync(join(folder, 'blog-post/removed.expected.json'))
  const first = await run([folder, ...mappers, '--update'])
  expect(first).toEqual({
    code: 0,
    stderr: '',
    stdout: 'ok  blog-post  3 of 3, 2 written\n3 fixtures: 1 as expected, 2 written\n',
  })
  expect(JSON.parse(readFileSync(written, 'utf8'))).toMatchObject({ changes: [{ item: { title: 'Hallo' } }] })
  expect(existsSync(join(folder, 'blog-post/removed.expected.json'))).toBe(true)
  expect((await run([folder, ...mappers])).code).toBe(0)
})

test('--json has every result, in whole', async () => {
  const folder = fixtures()
  edit(join(folder, 'blog-post/published.json'), '"Hello"', `"${'x'.repeat(300)}"`)
  const { code, stdout } = await run([folder, ...mappers, '--json'])
  expect(code).toBe(1)
  const { fixtures: results, counts } = JSON.parse(stdout)
  expect(counts).toMatchObject({ fixtures: 3, same: 2, different: 1 })
  expect(results[1]).toMatchObject({
    fixture: 'blog-post/published',
    mapper: 'blog-post',
    result: 'different',
    differences: [{ path: 'changes[0].item.title', before: 'Hello', after: 'x'.repeat(300) }],
  })
})

test('with --source, its mapper, vars and destination count', async () => {
  const folder = fixtures()
  const config = join(createFolder(), 'relay.yaml')
  writeFileSync(
    config,
    `destinations: { main: { token: "\${TOKEN}", website_id: w, site_domain: example.org } }
mappers_dir: ${examples}
sources:
  blog: { mapper: blog-post-module, destination: main, secret: "\${SECRET}", vars: { origin: https://example.org } }
`,
  )
  const { code, stdout } = await run([folder, '--config', config, '--source', 'blog', '--json'])
  expect(code).toBe(1)
  const { fixtures: results } = JSON.parse(stdout)
  expect(results[1]).toMatchObject({
    mapper: 'blog-post-module',
    differences: [{ path: 'changes[0].item.url', after: 'https://example.org/blog/hello' }, {}],
  })
  expect((await run([folder, '--config', config, '--source', 'blgo'])).stderr).toMatch(
    /no source 'blgo': did you mean blog\?/,
  )
  expect((await run([folder, '--config', config, '--source', 'constructor'])).stderr).toMatch(/no source 'constructor'/)
})
