import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { destinationIn, readExisting } from '../../../src/commands/set-up/init/existing.ts'
import { gitignoreWith } from '../../../src/commands/set-up/init/ignored.ts'
import { urlOfModel } from '../../../src/commands/set-up/init/model.ts'
import { newSecret } from '../../../src/commands/set-up/init/new-secret.ts'
import { readPort, readPublicUrl } from '../../../src/commands/set-up/init/relay-address.ts'
import { schemaComment } from '../../../src/commands/set-up/init/schema-comment.ts'
import { formOfVar } from '../../../src/commands/set-up/init/var-value.ts'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { createFolder } from '../../folder.ts'

function writeIn(folder: string, name: string, text = ''): void {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
}

describe('a configuration that a source is added to', () => {
  const existing = (destinations: object) => readExisting(JSON.stringify({ destinations }), 'relay.yaml')
  const two = { main: { site_domain: 'example.com' }, copy: { site_domain: '${SITE}' } }

  test('gives what is written in it, and no variable', () => {
    expect(Object.fromEntries(existing(two).destinations)).toEqual({ main: 'example.com', copy: null })
    expect(readExisting('server: { public_url: "${URL}" }\n', 'relay.yaml').publicUrl).toBeNull()
  })

  test('has the destination of the source, if there is no doubt', async () => {
    expect(await destinationIn(existing({}), undefined, null)).toBe('main')
    expect(await destinationIn(existing({}), 'copy', null)).toBe('copy')
    expect(await destinationIn(existing({ copy: {} }), undefined, null)).toBe('copy')
    expect(await destinationIn(existing(two), 'copy', null)).toBe('copy')
    await expect(destinationIn(existing(two), 'copi', null)).rejects.toThrow('did you mean copy?')
    await expect(destinationIn(existing(two), undefined, null)).rejects.toThrow('there is main, copy')
  })
})

test('what a .gitignore beyond the work tree says counts for nothing', () => {
  const above = createFolder()
  writeIn(above, '.gitignore', '.env\n')
  const root = join(above, 'work')
  mkdirSync(join(root, '.git'), { recursive: true })
  expect(gitignoreWith(root)).toBe('.env\n')
})

test('/.env names the one in its own folder alone', () => {
  const root = createFolder()
  mkdirSync(join(root, '.git'))
  writeIn(root, '.gitignore', '/.env\n')
  mkdirSync(join(root, 'relay'))
  expect(gitignoreWith(root)).toBeNull()
  expect(gitignoreWith(join(root, 'relay'))).toBe('.env\n')
})

const ghost = (await loadMappers()).get('ghost')!

test.each([
  [{ scheme: 'standard-webhooks' }, `whsec_${Buffer.alloc(32, 255).toString('base64')}`],
  [{ scheme: 'standard-webhooks', key: 'hex' }, 'ff'.repeat(32)],
  [{ scheme: 'hmac', key: 'base64' }, Buffer.alloc(32, 255).toString('base64')],
  [{ scheme: 'hmac' }, Buffer.alloc(32, 255).toString('base64url')],
])('a secret for %o has the form that is read', (verify, secret) => {
  expect(newSecret({ ...ghost, verify }, (bytes) => Buffer.alloc(bytes, 255))).toBe(secret)
})

test.each(['https://relay.example.com/?a=1', 'https://relay.example.com/#a', 'ftp://relay.example.com', 'relay'])(
  '%s is no public address',
  async (text) => {
    await expect(readPublicUrl(text, null)).rejects.toThrow('is no address such as')
  },
)

test('ports end at 65535', async () => {
  expect(await readPort(65_535, null, null)).toBe(65_535)
  await expect(readPort(65_536, null, null)).rejects.toThrow('ports end at 65535')
})

test('the schema is the one that is installed near the file, else the published one of this version', () => {
  const folder = createFolder()
  const comment = () => schemaComment(join(folder, 'relay.yaml')).replace('# yaml-language-server: $schema=', '')
  expect(comment()).toBe(`https://unpkg.com/cms-relay@${packageJson.version}/schemas/relay.schema.json`)
  writeIn(folder, 'schemas/relay.schema.json')
  expect(comment()).toBe('./schemas/relay.schema.json')
  writeIn(folder, 'node_modules/cms-relay/schemas/relay.schema.json')
  expect(comment()).toBe('./node_modules/cms-relay/schemas/relay.schema.json')
})

test.each([
  [{ format: 'list' }, 'with commas'],
  [{ default: ['a'] }, 'with commas'],
  [{ format: 'map' }, 'id=slug, with commas'],
  [{ default: { a: 'b' } }, 'id=slug, with commas'],
  [{ default: 'a' }, ''],
] as const)('the question for a var of %o tells how it is typed: %s', (declared, form) => {
  expect(formOfVar({ required: false, ...declared } as unknown as Parameters<typeof formOfVar>[0])).toBe(form)
})

test.each([
  [null, null],
  ['/{slug}', null],
  ['/blog/{slug}', '$vars.origin & "/blog/" & slug'],
  ['/{slug}/index.html', '$vars.origin & "/" & slug & "/index.html"'],
])('urls of the path %s are %s', (path, url) => {
  expect(urlOfModel({ name: 'a', type: 'post', path }, undefined)).toBe(url)
})
