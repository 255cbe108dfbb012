import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { startRelay } from '../support.ts'
import { runHere } from './run-here.ts'

const text = `
server: { admin_token: "\${RELAY_ADMIN_TOKEN}" }
destinations:
  main: { token: "\${TOKEN}", website_id: "\${WEBSITE}", site_domain: example.com }
sources:
  demo: { mapper: generic, destination: main, secret: ["\${FIRST}", "\${file:/nowhere/second}"] }
  catalog: { mapper: bigcommerce, destination: main, secret: "\${CLIENT}", fetch: { token: "\${API}" }, vars: { store_hash: a, origin: https://example.com, currency: EUR } }
  cloud: { mapper: adobe-commerce, destination: main, verify: { public_key: "\${KEY}", header: x-a }, vars: { origin: https://example.com, currency: EUR } }
signals: [ { url: "\${HOOK}", secret: "\${HOOK_SECRET}" } ]
`

/** A database with an event and an item, and a configuration for it none of whose variables is set. */
async function leftAlone(yaml = text) {
  const folder = createFolder()
  const store = `sqlite:${folder}/relay.db`
  const relay = await startRelay({
    baseUrl: 'http://127.0.0.1:9/v1/ingest',
    store,
    sources: { demo: { mapper: 'generic', destination: 'main', verify: 'none' } },
  })
  const post = {
    event: 'post.published',
    type: 'post',
    id: 1,
    url: 'https://example.com/1',
    title: 'T',
    html: '<p>a</p>',
  }
  await relay.send('demo', post)
  await relay.map()
  const config = join(folder, 'relay.yaml')
  writeFileSync(config, yaml)
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runHere([...args, '--config', config], { RELAY_STORE: store, ...env })
  return { run, folder, config }
}

describe('with no variable set', () => {
  test('what is on the store can be seen and worked on', async () => {
    const { run, folder } = await leftAlone()
    const filter = ['--source', 'demo', '--dry-run']
    for (const args of [
      ['status'],
      ['errors'],
      ['backup', join(folder, 'copy.db')],
      ['replay', ...filter],
      ['replay', '--source', 'demo'],
      ['replay', '--source', 'demo', '--diff'],
      ['redeliver', ...filter],
      ['purge', 'events', ...filter],
      ['purge', 'items', ...filter],
      ['remove', 'post', 'post:1', '--hold'],
      ['release', 'post', 'post:1'],
      ['move', '--from', 'gone', '--to', 'main', '--dry-run'],
      ['disable', 'main'],
      ['map', '--source', 'demo', '--input', join(folder, 'relay.yaml')],
    ]) {
      const { stderr } = await run(args)
      expect([args[0], stderr.includes('is not set')]).toEqual([args[0], false])
      if (args[0] === 'move') expect(stderr).toBe("cms-relay: no destination 'gone' (there is main)\n")
      else if (args[0] !== 'map') expect([args.join(' '), stderr]).toEqual([args.join(' '), ''])
    }
  })

  test('what is set to nothing counts as not set', async () => {
    const { run } = await leftAlone()
    const env = { FIRST: '', TOKEN: '', WEBSITE: '', HOOK: '', HOOK_SECRET: '', CLIENT: '', API: '', KEY: '' }
    expect(await run(['status'], env)).toMatchObject({ code: 0, stderr: '' })
  })

  test('a call needs its token', async () => {
    const { run } = await leftAlone()
    const { code, stderr } = await run(['enable', 'main'])
    expect(code).toBe(1)
    expect(stderr).toContain('TOKEN is not set')
    expect(stderr).toContain('WEBSITE is not set')
    expect(stderr).not.toContain('FIRST')
  })

  test('what is used has to be there', async () => {
    const { run } = await leftAlone(text.replace('site_domain: example.com', 'site_domain: "${SITE}"'))
    expect(await run(['status'])).toMatchObject({ code: 1, stderr: expect.stringContaining('SITE is not set') })
    const inVars = await leftAlone(text.replace('currency: EUR', 'currency: "${CURRENCY}"'))
    expect(await inVars.run(['status'])).toMatchObject({ code: 0 })
    const diff = await inVars.run(['replay', '--source', 'demo', '--diff'])
    expect(diff).toMatchObject({ code: 1, stderr: expect.stringContaining('CURRENCY is not set') })
    const { config } = await leftAlone(`store: "sqlite:\${FOLDER}/relay.db"${text}`)
    const elsewhere = await runHere(['status', '--config', config], {})
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('FOLDER is not set') })
  })

  test('other mistakes are mistakes', async () => {
    const { run, config } = await leftAlone()
    writeFileSync(config, readFileSync(config, 'utf8').replace('signals: [ {', 'signals: [ { timeout: soon,'))
    expect(await run(['status'])).toMatchObject({ code: 1, stderr: expect.stringContaining('signals[0].timeout') })
  })

  test('the relay does not start, and check says why', async () => {
    const { run } = await leftAlone()
    const { code, stderr } = await run(['check'])
    expect(code).toBe(1)
    for (const name of ['TOKEN', 'FIRST', 'CLIENT', 'API', 'KEY', 'HOOK_SECRET'])
      expect(stderr).toContain(`${name} is not set`)
  })
})
