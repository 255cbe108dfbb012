import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadMappers } from '../../../src/mapping/library/load.ts'
import { runCommand } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

const { names } = await loadMappers()

/** A configuration that names a folder with a mapper of one's own, and has mistakes elsewhere. */
function ownMapper(): string {
  const folder = createFolder()
  const own = `
name: papyrus
title: Papyrus
vars: { origin: { required: true, description: 'The site' }, shelf: { default: 3 } }
records: [{ name: article, type: post, id: number, url: path }]
`
  mkdirSync(join(folder, 'own'))
  writeFileSync(join(folder, 'own', 'papyrus.yaml'), own)
  const file = join(folder, 'relay.yml')
  writeFileSync(file, 'mappers_dir: own\nserver: { admin_token: "${NOT_SET}" }\n')
  return file
}

describe('mappers', () => {
  test('lists every one with what it needs', async () => {
    const { code, stdout, stderr } = await runCommand(['mappers'], { cwd: createFolder() })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of names) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'))
    expect(stdout).toMatch(/^shopify +Shopify +hmac +origin \[currency\] \[blog\]$/m)
    expect(stdout).toMatch(/^craft +Craft CMS +header +origin \[site\] +models$/m)
  })

  test('lists them for machines', async () => {
    const { code, stdout } = await runHere(['mappers', '--json'])
    const list = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(list.map(({ name }: { name: string }) => name)).toEqual(names)
    expect(list.find(({ name }: { name: string }) => name === 'woocommerce')).toMatchObject({
      title: 'WooCommerce',
      origin: 'built-in',
      page: 'docs/cms/woocommerce.md',
      verify: { scheme: 'hmac', header: 'x-wc-webhook-signature' },
      needs: { scheme: 'hmac', secret: true, settings: [], vars: ['currency'], models: false, fetch: false },
    })
  })

  test('lists those of the configuration, too, though it has mistakes', async () => {
    const { code, stdout } = await runHere(['mappers', '--config', ownMapper()])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^papyrus +Papyrus +yours to say +origin \[shelf\] +yours$/m)
  })

  test('shows one in full, with a source to copy', async () => {
    const { code, stdout } = await runHere(['mappers', 'strapi'])
    expect(code).toBe(0)
    expect(stdout).toContain('docs/cms/strapi.md')
    expect(stdout).toMatch(/^sources:\n {2}strapi:/m)
    expect(stdout).toContain('secret: ${STRAPI_WEBHOOK_SECRET}')
    expect(stdout).toMatch(/^ {4}models:/m)
  })

  test('shows one of the user, whose source has to say how it verifies', async () => {
    const { stdout } = await runHere(['mappers', 'papyrus', '--config', ownMapper(), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      origin: 'yours',
      page: null,
      needs: { scheme: null, vars: ['origin'] },
      optional_vars: ['shelf'],
      source: expect.stringContaining('verify: { scheme: header, header: x-relay-token }'),
    })
  })

  test('asked for one that is not there names the one that was meant, and ends with 1', async () => {
    const { code, stdout, stderr } = await runHere(['mappers', 'shopfy'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/no mapper 'shopfy': did you mean shopify/)
  })

  test('with a configuration that is not there ends with 1', async () => {
    const { code, stderr } = await runHere(['mappers', '--config', 'nowhere.yaml'])
    expect(code).toBe(1)
    expect(stderr).toContain('nowhere.yaml')
  })
})
