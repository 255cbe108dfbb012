import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { runCommand, startProcess } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import vectors from '../../vectors/signing-vectors.json' with { type: 'json' }
import { runHere } from '../run-here.ts'

const cwd = process.cwd()
const commands = [
  'serve',
  'check',
  'init',
  'mappers',
  'map',
  'replay',
  'redeliver',
  'remove',
  'release',
  'status',
  'sandbox',
  'sign',
  'keygen',
]
const stackTrace = /^\s+at /m

describe('the command line', () => {
  test('asked for help prints it and ends with 0', async () => {
    const help = await runCommand(['--help'], { cwd })
    const ofCommand = await runHere(['check', '--help'])
    const version = await runHere(['--version'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    expect(ofCommand).toMatchObject({ code: 0, stdout: expect.stringContaining('--config <file>') })
    expect(version).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` })
  })

  test('whose reader has seen enough ends without a stack trace', async () => {
    const child = spawn(process.execPath, ['src/cli.ts', 'keygen'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy() // as `| true` does
    const stderr: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const [code] = await once(child, 'close')
    expect({ code, stderr: Buffer.concat(stderr).toString() }).toEqual({ code: 0, stderr: '' })
  })

  test('called in a way that makes no sense says why and ends with 2', async () => {
    const wrong: Record<string, readonly string[]> = {
      "unknown command 'srve'": ['srve'],
      "unknown option '--colour'": ['check', '--colour'],
      'give --website-id, or set BAINQUET_WEBSITE_ID': ['sign', '--token', 'a.b'],
      'expected a whole number': ['keygen', '--bytes', 'many'],
      '--bytes must be between': ['keygen', '--bytes', '8'],
      'too many arguments': ['status', 'now'],
      'Usage: cms-relay': [],
    }
    for (const [words, args] of Object.entries(wrong)) {
      const ran = await runHere(args)
      expect(ran, words).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
      expect(ran.stderr).not.toMatch(stackTrace)
    }
    expect(await runCommand(['srve'], { cwd })).toMatchObject({ code: 2, stdout: '' })
  })
})

test('keygen makes up a secret that is long, fit for a url, and another one each time', async () => {
  const text = await runHere(['keygen'])
  const json = await runHere(['keygen', '--json'])
  const long = await runHere(['keygen', '--bytes', '64'])
  expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\w-]{43}\n$/), stderr: '' })
  expect(JSON.parse(json.stdout)).toEqual({ secret: expect.stringMatching(/^[\w-]{43}$/) })
  expect(long.stdout).toMatch(/^[\w-]{86}\n$/)
  expect(JSON.parse(json.stdout).secret).not.toBe(text.stdout.trim())
})

describe('sign', () => {
  test('reproduces the vectors, byte for byte, and does not print the token', async () => {
    for (const [index, vector] of vectors.entries()) {
      const { token, website_id, path, body, timestamp, nonce, signature, body_sha256 } = vector
      const file = join(createFolder(), 'body')
      writeFileSync(file, body)
      const args = ['--website-id', website_id, '--path', path, '--timestamp', timestamp, '--nonce', nonce, '--json']
      const env = { BAINQUET_CONNECTOR_TOKEN: token }
      const { code, stdout, stderr } =
        index === 0
          ? await runCommand(['sign', ...args], { cwd, input: body, env })
          : await runHere(['sign', ...args, '--input', file], env)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(JSON.parse(stdout)).toMatchObject({
        'X-Signature': expect.stringContaining(signature),
        'X-Body-Sha256': body_sha256,
        'X-Nonce': nonce,
        'X-Timestamp': timestamp,
      })
      expect(stdout).not.toContain(token)
    }
  })

  test('takes token and website from .env beside the configuration; the environment wins', async () => {
    const folder = createFolder()
    writeFileSync(join(folder, '.env'), 'BAINQUET_CONNECTOR_TOKEN=con_1.s\nBAINQUET_WEBSITE_ID=site_1\n')
    writeFileSync(join(folder, 'body'), '{}')
    const args = ['sign', '--input', join(folder, 'body'), '--json']
    const fixed = ['--timestamp', '1', '--nonce', 'n']
    const signatureWith = async (env: Record<string, string>) => {
      const given = { RELAY_CONFIG: join(folder, 'relay.yaml'), ...env }
      return JSON.parse((await runHere([...args, ...fixed], given)).stdout)['X-Signature']
    }
    const own = await runHere([...args, ...fixed, '--token', 'con_1.s', '--website-id', 'site_1'])
    expect(await signatureWith({})).toBe(JSON.parse(own.stdout)['X-Signature'])
    const other = await runHere([...args, ...fixed, '--token', 'con_1.s', '--website-id', 'site_2'])
    expect(await signatureWith({ BAINQUET_WEBSITE_ID: 'site_2' })).toBe(JSON.parse(other.stdout)['X-Signature'])
  })

  test('without a token is wrong use', async () => {
    const { code, stderr } = await runHere(['sign', '--website-id', 's'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/BAINQUET_CONNECTOR_TOKEN/)
  })
})

describe('sandbox', () => {
  test('judges calls: takes one that sign has signed, refuses one that is spoilt, and stops with 0', async () => {
    const folder = createFolder()
    const [token, websiteId] = ['con_x.sandbox-secret-of-its-own', 'site_x']
    const identity = ['--token', token, '--website-id', websiteId, '--site-domain', 'shop.example']
    const sandbox = startProcess(['sandbox', '--port', '0', ...identity], { cwd: folder })
    const line = await sandbox.line(/base_url/)
    expect(line).toContain('website_id site_x, site_domain shop.example')
    const baseUrl = /base_url (\S+),/.exec(line)?.[1] ?? ''
    const body = JSON.stringify({ website_id: websiteId, ids: ['post:1'] })
    const file = join(folder, 'body')
    writeFileSync(file, body)
    const args = ['--website-id', websiteId, '--path', '/v1/ingest/delete', '--input', file, '--json']
    const signed = await runHere(['sign', ...args, '--token', token])
    const headers = {
      ...JSON.parse(signed.stdout),
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': 'key-1',
      'X-Site-Domain': 'shop.example',
      'X-Connector-Type': 'api',
      'X-Connector-Version': '1.0.0',
    }
    const call = (text: string) => fetch(`${baseUrl}/delete`, { method: 'POST', headers, body: text })
    const spoilt = await call(`${body} `)
    expect(spoilt.status).toBe(401)
    expect(await spoilt.json()).toMatchObject({ ok: false, error: { code: 'auth.body_hash_mismatch' } })
    const good = await call(body)
    expect(await good.json()).toMatchObject({ ok: true })
    expect(good.status).toBe(200)
    const ended = await sandbox.stop('SIGTERM')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(sandbox.output()).not.toContain('sandbox-secret-of-its-own')
  })

  test('with a token that is none ends with 1 and one line', async () => {
    const { code, stderr } = await runHere(['sandbox', '--port', '0', '--token', 'nodot'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^cms-relay: .+\n$/)
  })
})
