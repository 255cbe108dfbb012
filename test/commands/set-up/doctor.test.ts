import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { type Check, type Diagnosis, diagnosing } from '../../../src/commands/set-up/doctor/diagnosis.ts'
import { checkDisk, checkSync, judgePlace, judgeRoom, judgeSync } from '../../../src/commands/set-up/doctor/disk.ts'
import { checkOpenFiles, checkVersions } from '../../../src/commands/set-up/doctor/machine.ts'
import { runChecks } from '../../../src/commands/set-up/doctor/run-checks.ts'
import { checkStore } from '../../../src/commands/set-up/doctor/store.ts'
import { openStore } from '../../../src/store/open.ts'
import { startScriptedCms } from '../../cms-api/support.ts'
import { createFolder } from '../../folder.ts'
import { createClock, startRelay, startSandbox, token } from '../../support.ts'
import { runHere } from '../run-here.ts'

const secret = '9f8e7d6c5b4a39281706f5e4d3c2b1a0'
const clock = { now: Date.now, advance() {} }

interface Report {
  readonly good: number
  readonly warnings: number
  readonly bad: number
  readonly checks: readonly Diagnosis[]
}

function destination(baseUrl: string, over: object = {}) {
  return { token, website_id: 'site_1', site_domain: 'example.com', base_url: baseUrl, default_language: 'en', ...over }
}

/** Runs `doctor` on a configuration, and answers its report by check and name. */
async function examined(document: object, folder = createFolder()) {
  const config = join(folder, 'relay.yaml')
  writeFileSync(config, stringify({ store: `sqlite:${join(folder, 'data', 'relay.db')}`, ...document }), {
    mode: 0o600,
  })
  const { code, stdout, stderr } = await runHere(['doctor', '--config', config, '--json'])
  const report = JSON.parse(stdout) as Report
  const of = (check: string, name: string | null = null) =>
    report.checks.filter((one) => one.check === check && (name === null || one.name === name))
  return { code, stderr, report, of, config, folder, text: stdout + stderr }
}

/** What one check says, without a command around it. */
async function saidBy(check: Check): Promise<readonly Diagnosis[]> {
  return [await check.run(AbortSignal.timeout(5_000))].flat()
}

const shop = {
  mapper: 'shopify',
  destination: 'main',
  secret,
  vars: { origin: 'https://example.com', currency: 'USD' },
}

describe('doctor', () => {
  test('all is well beside a running relay: exit code 0, and nothing is changed', async () => {
    const sandbox = await startSandbox(clock)
    const { app } = await startRelay({ baseUrl: sandbox.baseUrl, clock: createClock(Date.now()) })
    const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    const folder = createFolder()
    const { code, report, of } = await examined(
      {
        server: {
          host: '127.0.0.1',
          port,
          admin_token: 'another-admin-token-of-it',
          public_url: `http://127.0.0.1:${port}/`,
        },
        destinations: { main: destination(sandbox.baseUrl, { token: 'con_test.destination-secret' }) },
        sources: { shop },
      },
      folder,
    )
    expect(report).toMatchObject({ warnings: 0, bad: 0 })
    expect(code).toBe(0)
    expect(of('destination', 'main')).toMatchObject([
      { verdict: 'good', message: expect.stringContaining('heartbeat') },
    ])
    for (const check of [
      'configuration',
      'permissions',
      'clock',
      'relay',
      'public url',
      'store',
      'disk',
      'fsync',
      'Node',
      'SQLite',
    ]) {
      expect(of(check), check).toMatchObject([{ verdict: 'good', cure: null }])
    }
    expect(readdirSync(folder)).toEqual(['relay.yaml'])
  })

  test('destinations: a wrong token, nobody, a page and one that is off, each with its cure and no secret', async () => {
    const sandbox = await startSandbox(clock)
    const page = await startScriptedCms(() => ({
      body: '<title>Welcome</title>',
      headers: { 'content-type': 'text/html' },
    }))
    const busy = await startScriptedCms(() => ({ status: 503, body: {} }))
    const limited = await startScriptedCms(() => ({ status: 429, body: {} }))
    const { code, of, text } = await examined({
      destinations: {
        wrong: destination(sandbox.baseUrl, { token: `con_test.${secret}` }),
        dead: destination('http://127.0.0.1:9/v1/ingest'),
        page: destination(page.origin),
        busy: destination(busy.origin),
        limited: destination(limited.origin),
        off: destination(sandbox.baseUrl, { enabled: false }),
      },
    })
    expect(code).toBe(1)
    expect(of('destination', 'wrong')).toMatchObject([
      {
        verdict: 'bad',
        message: expect.stringContaining('401'),
        cure: 'check destinations.wrong.token, website_id and site_domain',
      },
    ])
    expect(of('destination', 'dead')).toMatchObject([
      {
        verdict: 'bad',
        message: expect.stringContaining('ECONNREFUSED'),
        cure: expect.stringContaining('destinations.dead.base_url'),
      },
    ])
    expect(of('destination', 'page')).toMatchObject([
      {
        verdict: 'bad',
        message: expect.stringMatching(/no ingest API.*Welcome/),
        cure: 'check destinations.page.base_url',
      },
    ])
    expect(of('destination', 'busy')).toMatchObject([{ verdict: 'warning', cure: 'try again later' }])
    expect(of('destination', 'limited')).toMatchObject([{ verdict: 'warning', cure: 'try again later' }])
    expect(of('destination', 'off')).toMatchObject([{ verdict: 'warning', cure: 'destinations.off.enabled: true' }])
    expect(text).not.toContain(secret)
  })

  test('a clock that is off is told, by how much and in which direction', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toUTCString()
    const answers = (ms: number) =>
      startScriptedCms(() => ({ body: { ok: true, data: {} }, headers: { date: at(ms) } }))
    const [ahead, behind] = [await answers(3_600_000), await answers(-120_000)]
    const { of } = await examined({
      destinations: { ahead: destination(ahead.origin), behind: destination(behind.origin) },
    })
    expect(of('clock', 'ahead')).toMatchObject([
      {
        verdict: 'warning',
        message: expect.stringMatching(/^is 3(599|600) s behind that/),
        cure: expect.stringContaining('NTP'),
      },
    ])
    expect(of('clock', 'behind')).toMatchObject([
      { verdict: 'warning', message: expect.stringMatching(/^is 12[01] s ahead of that/) },
    ])
  })

  test('CMS APIs: each source that asks one, by the check of its mapper', async () => {
    const cms = await startScriptedCms(({ url }) =>
      url.includes('token=wrong') ? { status: 401 } : { body: { stories: [] } },
    )
    const stories = (fetchToken: string) => ({
      ...{ mapper: 'storyblok', destination: 'main', secret, vars: { origin: 'https://example.com' } },
      models: { article: { type: 'post' } },
      fetch: { base_url: cms.origin, token: fetchToken, allow_private: true },
    })
    const { of } = await examined({
      destinations: { main: destination('http://127.0.0.1:9/') },
      sources: { shop, good: stories('a-good-one'), bad: stories('wrong-one') },
    })
    expect(of('CMS API')).toMatchObject([
      { name: 'good', verdict: 'good' },
      {
        name: 'bad',
        verdict: 'bad',
        message: expect.stringContaining('sources.bad.fetch.token'),
        cure: expect.stringContaining('type Public'),
      },
    ])
  })

  test('public_url: somebody else, a redirect, and one that is not known', async () => {
    const urls: readonly (readonly [string | undefined, string, RegExp])[] = [
      [(await startScriptedCms(() => ({ body: { hello: 1 } }))).origin, 'bad', /not from cms-relay/],
      [(await startScriptedCms(() => ({ status: 301, headers: { location: '/x' } }))).origin, 'bad', /redirect/],
      [undefined, 'warning', /not known/],
    ]
    for (const [public_url, verdict, message] of urls) {
      const { of } = await examined({
        server: { port: 9, host: '127.0.0.1', ...(public_url && { public_url }) },
        destinations: {},
      })
      expect(of('public url')).toMatchObject([{ verdict, message: expect.stringMatching(message) }])
      expect(of('relay')).toMatchObject([{ verdict: 'warning', cure: 'cms-relay serve' }])
    }
  })

  test('a configuration with mistakes: all of them, and what can be looked at all the same', async () => {
    const { code, of, report } = await examined({
      destinations: { main: destination('http://127.0.0.1:9/', { token: 'no-dot' }) },
      sources: { shop: { ...shop, mapper: 'shopifi' } },
    })
    expect(code).toBe(1)
    expect(of('configuration').map(({ verdict, message }) => [verdict, message])).toEqual([
      ['bad', expect.stringMatching(/relay\.yaml:\d+:\d+: destinations\.main\.token/)],
      ['bad', expect.stringMatching(/relay\.yaml:\d+:\d+: sources\.shop\.mapper: .*did you mean shopify/)],
    ])
    expect(of('Node')).toHaveLength(1)
    expect(report.bad).toBe(2)
  })

  test('warnings of the configuration are there, and leave the exit code', async () => {
    const { of } = await examined({ destinations: {}, server: { admin_token: 'changeme-changeme' } })
    expect(of('configuration').map(({ verdict }) => verdict)).toContain('good')
    const short = await examined({
      destinations: { main: destination('http://127.0.0.1:9/') },
      sources: { shop: { ...shop, secret: 'too-short' } },
    })
    expect(short.of('configuration')).toContainEqual(
      expect.objectContaining({ verdict: 'warning', message: expect.stringContaining('sources.shop.secret') }),
    )
  })

  test('permissions: what others may write is bad, and secrets that they may read are told', async () => {
    const folder = createFolder()
    const file = join(folder, 'secret.txt')
    writeFileSync(file, secret)
    writeFileSync(join(folder, '.env'), 'A=b\n')
    mkdirSync(join(folder, 'mappers'))
    writeFileSync(join(folder, 'mappers', 'own.yaml'), 'name: own\nextends: generic\n')
    for (const [path, mode] of [
      [join(folder, 'mappers', 'own.yaml'), 0o666],
      [folder, 0o1777],
      [file, 0o644],
      [join(folder, '.env'), 0o604],
      [join(folder, 'mappers'), 0o777],
    ] as const)
      chmodSync(path, mode)
    const { of } = await examined(
      {
        mappers_dir: './mappers',
        destinations: { main: destination('http://127.0.0.1:9/') },
        sources: { shop: { ...shop, secret: `\${file:${file}}` } },
      },
      folder,
    )
    const found = of('permissions').map(({ verdict, cure }) => `${verdict}: ${cure}`)
    expect(found).toEqual([
      `warning: chmod 600 ${join(folder, '.env')}`,
      `warning: chmod 600 ${file}`,
      `bad: chmod o-w ${folder}`,
      `bad: chmod o-w ${join(folder, 'mappers')}`,
      `bad: chmod o-w ${join(folder, 'mappers', 'own.yaml')}`,
    ])
  })

  test('a relay that takes a free port is not looked for', async () => {
    const { code, of } = await examined({ server: { port: 0 }, destinations: {} })
    expect(code).toBe(0)
    expect(of('relay')).toEqual([])
  })

  test('people get a line for each, with its cure below', async () => {
    const folder = createFolder()
    const config = join(folder, 'relay.yaml')
    writeFileSync(
      config,
      stringify({
        server: { port: 9, host: '127.0.0.1' },
        store: `sqlite:${folder}/x.db`,
        destinations: { dead: destination('http://127.0.0.1:9/') },
      }),
    )
    const ran = await runHere(['doctor', '--config', config])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatch(/^✓ configuration +.*relay\.yaml: valid$/m)
    expect(ran.stdout).toMatch(
      /^✗ destination dead +can't be reached.*\n +→ check destinations\.dead\.base_url.*cms-relay sandbox/m,
    )
    expect(ran.stdout).toMatch(/^! relay +does not run/m)
    expect(ran.stderr).toMatch(/^cms-relay: \d of \d+ checks ha(s|ve) failed\n$/)
  })
})

describe('a check', () => {
  const { good } = diagnosing('x')
  const checkOf = (run: Check['run']): Check => ({ check: 'x', name: null, run })

  test('that hangs ends by its time limit, and holds up no other', async () => {
    let cut = false
    const hanging = checkOf((signal) => {
      signal.addEventListener('abort', () => (cut = true))
      return new Promise(() => {})
    })
    const found = await runChecks([hanging, checkOf(async () => good('done'))], 20)
    expect(found).toMatchObject([{ verdict: 'bad', message: 'no result within 0.02 s' }, { verdict: 'good' }])
    expect(cut).toBe(true)
  })
  test('that throws is bad, with what it threw', async () => {
    const found = await runChecks([checkOf(() => Promise.reject(new Error('broken')))], 1_000)
    expect(found).toMatchObject([{ verdict: 'bad', message: 'broken' }])
  })
  test('that is done leaves no time limit behind', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    await runChecks([checkOf(async () => good('done'))], 60_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the store', () => {
  test('in use, closed, and not there yet', async () => {
    const path = join(createFolder(), 'relay.db')
    const check = checkStore(`sqlite:${path}`)
    expect(await saidBy(check)).toMatchObject([{ verdict: 'good', message: expect.stringContaining('not there yet') }])
    const store = await openStore(`sqlite:${path}`, { lock: true })
    expect(await saidBy(check)).toMatchObject([
      { verdict: 'good', message: expect.stringContaining(': a relay works on it') },
    ])
    await store.close()
    expect(await saidBy(check)).toMatchObject([
      { verdict: 'good', message: expect.stringContaining(': no relay works on it') },
    ])
    chmodSync(path, 0o644)
    expect(await saidBy(check)).toMatchObject([{ verdict: 'good' }, { verdict: 'warning', cure: `chmod 600 ${path}*` }])
  })
  test('of an older version: how many migrations are due', async () => {
    const path = join(createFolder(), 'relay.db')
    writeFileSync(path, gunzipSync(readFileSync(new URL('../../store/upgrade/0010.db.gz', import.meta.url))), {
      mode: 0o600,
    })
    const [found] = await saidBy(checkStore(`sqlite:${path}`))
    expect(found).toMatchObject({
      verdict: 'warning',
      message: expect.stringMatching(/\d+ migrations are due$/),
      cure: expect.stringContaining('backup'),
    })
  })
  test('of another program is an error', async () => {
    const path = join(createFolder(), 'relay.db')
    const db = new DatabaseSync(path)
    db.exec('create table t (a)')
    db.close()
    expect(await runChecks([checkStore(`sqlite:${path}`)], 5_000)).toMatchObject([
      { verdict: 'bad', message: expect.stringContaining('belongs to another program') },
    ])
  })
})

describe('the machine', () => {
  test.each([
    [99, 'bad', '99 MB free in /data'],
    [100, 'warning', '100 MB free in /data'],
    [1_023, 'warning', '1023 MB free in /data'],
    [1_536, 'good', '1.5 GB free in /data, and it can be written'],
  ])('%i MB of room are %s', (freeMb, verdict, message) => {
    expect(judgeRoom(freeMb, '/data')).toMatchObject({ verdict, message })
  })
  test.each([
    [9.96, 'good', '10.0 ms: up to 100 webhooks a second'],
    [19.9, 'good', '20 ms: up to 50 webhooks a second'],
    [20, 'warning', '20 ms: up to 50 webhooks a second'],
    [0, 'good', '0.0 ms: up to 100000 webhooks a second'],
  ])('a commit of %f ms is %s', (medianMs, verdict, begin) => {
    expect(judgeSync(medianMs)).toMatchObject({ verdict, message: expect.stringContaining(begin) })
  })
  test('a disk of another machine is bad, however much room it has', () => {
    expect(judgePlace({ type: 0x6969, freeMb: 9_999 }, '/data')).toMatchObject({
      verdict: 'bad',
      message: '/data is on NFS',
    })
    expect(judgePlace({ type: 0xef53, freeMb: 9_999 }, '/data')).toMatchObject({ verdict: 'good' })
  })
  test('a disk that can be written, and what is no folder', async () => {
    const folder = createFolder()
    expect(await saidBy(checkDisk(join(folder, 'not', 'there')))).toMatchObject([
      { message: expect.stringMatching(/free in/) },
    ])
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect(await saidBy(checkDisk(join(file, 'data')))).toMatchObject([
      { verdict: 'bad', message: `${file} is no folder` },
    ])
    expect(await saidBy(checkSync(join(file, 'data')))).toMatchObject([{ verdict: 'warning', cure: 'see disk' }])
  })
  test('fsync is measured in the folder, and leaves nothing there', async () => {
    const folder = createFolder()
    expect(await saidBy(checkSync(folder))).toMatchObject([
      { message: expect.stringMatching(/^[\d.]+ ms: up to \d+ webhooks a second/) },
    ])
    expect(readdirSync(folder)).toEqual([])
  })
  test('an old Node, and a SQLite that may lose commits', async () => {
    expect(await saidBy(checkVersions({ node: '20.11.1', sqlite: '3.50.0' }))).toMatchObject([
      { check: 'Node', verdict: 'bad', cure: expect.stringContaining('24.12') },
      { check: 'SQLite', verdict: 'warning' },
    ])
    expect(await saidBy(checkVersions({ node: '24.12.0', sqlite: '3.51.3' }))).toMatchObject([
      { verdict: 'good' },
      { verdict: 'good' },
    ])
  })
  test('open files: few, many, and a system that does not say', async () => {
    const folder = createFolder()
    const limits = (soft: string) => {
      const file = join(folder, soft)
      writeFileSync(
        file,
        `Limit                     Soft Limit           Hard Limit\nMax open files            ${soft}                 4096   files\n`,
      )
      return checkOpenFiles(file)
    }
    expect(await saidBy(limits('1024'))).toMatchObject([
      { verdict: 'warning', cure: expect.stringContaining('ulimit -n') },
    ])
    expect(await saidBy(limits('65536'))).toMatchObject([{ verdict: 'good' }])
    expect(await saidBy(limits('unlimited'))).toMatchObject([{ verdict: 'good' }])
    expect(await saidBy(checkOpenFiles(join(folder, 'none')))).toEqual([])
  })
})
