import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { watchConfigFiles } from '../../src/config/files.ts'
import { createFolder } from '../folder.ts'
import { adminToken } from '../support.ts'
import { type RelayProcess, runCommand, startServe, writeConfig } from './process.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const shown = { mapper: 'generic', verify: { scheme: 'header', header: 'x-token' } }

/** Writes a configuration whose source `shown` takes what `.env` says. */
function configure(folder: string, token: string): void {
  writeConfig(folder, nowhere, { sources: { shown: { ...shown, secret: '${SHOWN_TOKEN}' } } })
  writeFileSync(join(folder, '.env'), `SHOWN_TOKEN=${token}\n`)
}

async function statusOf({ origin }: RelayProcess, token: string): Promise<number> {
  const answer = await fetch(`${origin}/webhooks/shown`, { method: 'POST', body: '{}', headers: { 'x-token': token } })
  await answer.body?.cancel()
  return answer.status
}

describe('a reload of a running relay', () => {
  test('by SIGHUP is in force within two seconds; one with mistakes says them and changes nothing', async () => {
    const cwd = createFolder()
    configure(cwd, 'the-first-token')
    const relay = await startServe({ cwd })
    expect(await statusOf(relay, 'the-first-token')).toBe(202)
    configure(cwd, 'the-second-token')
    const startedAt = performance.now()
    relay.kill('SIGHUP')
    await relay.line(/"msg":"config.reloaded"/)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(await statusOf(relay, 'the-second-token')).toBe(202)
    expect(await statusOf(relay, 'the-first-token')).toBe(401)
    unlinkSync(join(cwd, '.env'))
    relay.kill('SIGHUP')
    const refused = JSON.parse(await relay.line(/"msg":"config.refused"/))
    expect(refused.issues).toEqual([
      expect.stringMatching(
        /^relay\.yaml:\d+:\d+: sources\.shown\.secret: environment variable SHOWN_TOKEN is not set$/,
      ),
    ])
    expect(await statusOf(relay, 'the-second-token')).toBe(202)
    expect(relay.output()).not.toContain('the-second-token')
  })

  test('by the command says what is done, and what has to wait for a restart', async () => {
    const cwd = createFolder()
    configure(cwd, 'the-first-token')
    const relay = await startServe({ cwd })
    const reload = (...args: string[]) =>
      runCommand(['reload', '--url', relay.origin, '--token', adminToken, ...args], { cwd })
    configure(cwd, 'the-second-token')
    const dry = await reload('--dry-run')
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toMatch(/^replace {2}source {2}shown {2}other secret\s*\nnothing is done yet; 3 kept\n$/)
    const config = JSON.parse(readFileSync(join(cwd, 'relay.yaml'), 'utf8'))
    writeFileSync(join(cwd, 'relay.yaml'), JSON.stringify({ ...config, store: 'sqlite:./other.db' }))
    const done = JSON.parse((await reload('--json')).stdout)
    expect(done).toMatchObject({ applied: true, needs_restart: ['store'], issues: [] })
    expect(await statusOf(relay, 'the-second-token')).toBe(202)
    writeFileSync(join(cwd, 'relay.yaml'), '{ "sources": 1 }')
    const forMachines = JSON.parse((await reload('--json')).stderr).error
    const [issue] = forMachines.details.issues
    expect(issue).toMatchObject({ path: 'sources', file: 'relay.yaml', line: 1, column: 3 })
    const refused = await reload()
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(
      /the configuration has mistakes, so nothing was changed\nrelay\.yaml:1:3: sources: must be a map/,
    )
    const wrong = await runCommand(['reload', '--url', relay.origin, '--token', 'not-the-admin-token'], { cwd })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('send the process SIGHUP') })
  })

  test('by --watch follows a file that changes', async () => {
    const cwd = createFolder()
    configure(cwd, 'the-first-token')
    const relay = await startServe({ cwd }, ['--watch'])
    configure(cwd, 'the-second-token')
    await vi.waitFor(async () => expect(await statusOf(relay, 'the-second-token')).toBe(202), { timeout: 5_000 })
  })
})

describe('watching the files of a configuration', () => {
  function watched() {
    const folder = createFolder()
    const path = (name: string) => join(folder, name)
    writeFileSync(path('secret'), 'one')
    writeFileSync(path('relay.yaml'), `a: \${file:${path('secret')}}`)
    const files = watchConfigFiles(path('relay.yaml'), () => folder)
    /** One look to see it, one to see that it is at rest. */
    const look = () => [files.look(), files.look(), files.look()]
    return { path, look }
  }

  test.each([
    ['the file', 'relay.yaml', 'a: 1'],
    ['.env, which was not there', '.env', 'A=1'],
    ['a secret that the file names', 'secret', 'two'],
    ['a mapper, which is new', 'mine.yaml', 'name: mine'],
  ])('%s', (_what, name, text) => {
    const { path, look } = watched()
    expect(look()).toEqual([false, false, false])
    writeFileSync(path(name), text)
    expect(look()).toEqual([false, true, false])
  })

  test('a link that is exchanged, as Kubernetes does', () => {
    const { path, look } = watched()
    unlinkSync(path('secret'))
    writeFileSync(path('..one'), 'the same')
    writeFileSync(path('..two'), 'the same')
    symlinkSync('..one', path('..data'))
    symlinkSync('..data', path('secret'))
    look()
    symlinkSync('..two', path('..new'))
    renameSync(path('..new'), path('..data'))
    expect(look()).toEqual([false, true, false])
  })

  test('a file that is still being written is waited for', () => {
    const { path, look } = watched()
    writeFileSync(path('relay.yaml'), 'a: 1')
    const first = look()[0]
    writeFileSync(path('relay.yaml'), 'a: 12')
    expect([first, ...look()]).toEqual([false, false, true, false])
  })
})
