import { spawn } from 'node:child_process'
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { atEndOfFile } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'
import { adminToken, startRelay } from '../support.ts'

const folder = createFolder(atEndOfFile())
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }

/** Runs a program in the folder; answers what it printed. Throws if it fails. */
async function run(file: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(file, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  expect(await code, `${file} ${args.join(' ')}\n${said}${errors}`).toBe(0)
  return said
}

/** A relay that listens, with one item. Its own answers are judged as well. */
async function startListening() {
  const test = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  await test.send('demo', { type: 'post', id: 1, url: '/a', title: 'A', text: 'a' })
  await test.map()
  return { ...test, origin: await test.app.listen({ host: '127.0.0.1', port: 0 }) }
}

describe('a client that is generated from /openapi.json', () => {
  beforeAll(async () => {
    for (const name of readdirSync(import.meta.dirname)) {
      if (!name.endsWith('.test.ts')) copyFileSync(join(import.meta.dirname, name), join(folder, name))
    }
    await run('npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline')
  }, 240_000)

  test('has types that check, and calls a running relay', async () => {
    const { origin } = await startListening()
    const description = await fetch(`${origin}/openapi.json`)
    writeFileSync(join(folder, 'openapi.json'), await description.text())
    await run('npx', 'openapi-typescript', 'openapi.json', '-o', 'api.d.ts')
    await run('npx', 'openapi-ts')
    await run('npx', 'tsc', '-p', '.')

    const typed = await run(process.execPath, 'typed.ts', origin, adminToken)
    expect(JSON.parse(typed)).toEqual({ id: 'evt_1', cursor: null, result: 'same', code: 'not_found', matching: 1 })
    const generated = await run(process.execPath, 'generated.ts', origin, adminToken)
    const shown = { received: 202, ids: ['post:1'], title: 'A', code: 'not_found', state: 'disabled' }
    expect(JSON.parse(generated)).toEqual(shown)
  }, 240_000)
})
