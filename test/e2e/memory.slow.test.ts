import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { atEndOfFile, type RelayProcess, startServe, writeConfig } from './process.ts'

/** `MEMORY_CONNECTIONS=600 npx vitest run test/e2e/memory.slow.test.ts` measures at full size, and ten seconds later again. */
const connections = Number(process.env['MEMORY_CONNECTIONS'] ?? 100)
const isFull = connections >= 600
/** Bytes that each connection sends of its body: 4.7 MB from 600. */
const bytesEach = 7_800
const allowedMb = isFull ? 400 : 200
const timeout = 120_000

const wide = Buffer.alloc(5 * 1024 * 1024 - 1, ' ')
const jsonArrays = Buffer.from(`{"a":[${'[],'.repeat(1_500_000)}[]]}`)
const signed = { 'content-type': 'application/json', 'x-shopify-hmac-sha256': `${'A'.repeat(43)}=` }
const chunksOfOne = Buffer.from(`${'1\r\n \r\n'.repeat(bytesEach / 6)}`)
const manyHeaders = Object.fromEntries(Array.from({ length: 1_900 }, (_, index) => [`h${index}`, 'x']))

interface Attack {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const attacks: Readonly<Record<string, Attack>> = {
  'gzip, gzip': {
    path: '/webhooks/shop',
    headers: { ...signed, 'content-encoding': 'gzip, gzip' },
    body: gzipSync(gzipSync(wide)),
  },
  gzip: { path: '/webhooks/shop', headers: { ...signed, 'content-encoding': 'gzip' }, body: gzipSync(wide) },
  'gzip of very many values': {
    path: '/webhooks/woo',
    headers: { ...signed, 'x-wc-webhook-signature': 'x', 'content-encoding': 'gzip' },
    body: gzipSync(jsonArrays),
  },
  br: { path: '/webhooks/shop', headers: { ...signed, 'content-encoding': 'br' }, body: brotliCompressSync(wide) },
  deflate: { path: '/webhooks/shop', headers: { ...signed, 'content-encoding': 'deflate' }, body: deflateSync(wide) },
  'gzip of a body that holds its secret': {
    path: '/webhooks/prismic',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(jsonArrays),
  },
  'gzip to a source that accepts anyone': {
    path: '/webhooks/demo',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip, gzip, gzip' },
    body: gzipSync(gzipSync(gzipSync(wide.subarray(0, 1024 * 1024)))),
  },
  'gzip of very many values to a source that accepts anyone': {
    path: '/webhooks/demo',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(jsonArrays),
  },
  'chunks of one byte, and no end': {
    path: '/webhooks/shop',
    headers: { ...signed, 'transfer-encoding': 'chunked' },
    body: chunksOfOne,
  },
  'very many headers, and no body': {
    path: '/webhooks/shop',
    headers: { ...signed, ...manyHeaders, 'content-length': '10' },
    body: Buffer.alloc(0),
  },
}

const more = {
  woo: { mapper: 'woocommerce', secret: 'a-secret-of-woo', vars: { currency: 'EUR' } },
  prismic: {
    mapper: 'prismic',
    secret: 'a-secret-of-prismic',
    vars: { origin: 'https://example.com', repository: 'my-repo' },
    models: { post: { type: 'post', url: '"https://example.com/" & uid' } },
  },
}

// What a process takes is read from Linux.
describe.skipIf(!existsSync('/proc/self/clear_refs'))(`strangers over ${connections} connections`, () => {
  const atEnd = atEndOfFile()
  let relay: RelayProcess
  beforeAll(async () => {
    const cwd = createFolder(atEnd)
    writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest', { sources: more })
    relay = await startServe({ cwd, atEnd })
  }, timeout)

  test.each(Object.entries(attacks))('take little memory with %s', { timeout }, async (name, attack) => {
    const { headers, body } = attack
    const rest = megabytes(relay.pid, 'VmRSS')
    writeFileSync(`/proc/${relay.pid}/clear_refs`, '5') // the highest so far is now
    const sent = body.subarray(0, bytesEach)
    const isOpen = headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
    const all = { host: 'relay', ...headers, ...(!isOpen && { 'content-length': String(sent.length) }) }
    const head = Object.entries(all).map(([key, value]) => `${key}: ${value}\r\n`)
    const request = Buffer.concat([Buffer.from(`POST ${attack.path} HTTP/1.1\r\n${head.join('')}\r\n`), sent])
    const sockets = await Promise.all(Array.from({ length: connections }, () => open(relay.origin)))
    const answers = sockets.map(answered)
    for (const socket of sockets) socket.write(request)
    // One that is not complete gets no answer: its bytes are there once another request is answered.
    if (!isOpen) await Promise.all(answers)
    expect((await fetch(`${relay.origin}/healthz`)).status).toBe(200)
    const highest = megabytes(relay.pid, 'VmHWM') - rest
    if (isFull) {
      await setTimeout(10_000)
      console.info(name, { highest, later: megabytes(relay.pid, 'VmRSS') - rest })
      expect(megabytes(relay.pid, 'VmRSS') - rest).toBeLessThan(allowedMb)
    }
    expect(highest).toBeLessThan(allowedMb)
  })
})

function megabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, kb = ''] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kb) / 1024
}

async function open(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port) })
  onTestFinished(() => void socket.destroy())
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket.on('error', () => {})
}

function answered(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('data', () => resolve()).once('close', () => resolve()))
}
