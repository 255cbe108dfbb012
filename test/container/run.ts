// Runs the Dockerfile's own steps without an engine: each stage is a folder, RUN and CMD run in it as an unprivileged
// user, and everything but the volume is read-only once it is built. Then the result has to serve, be healthy, keep a
// webhook, stop within its grace, and have written nothing outside its volume.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { readDockerfile, type Stage } from './dockerfile.ts'

const project = join(import.meta.dirname, '../..')
/** `nobody` where we may become it, else whoever we are. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
/** What an engine would be given: `*` leaves everything out, and these come back. */
const context = readFileSync(join(project, '.dockerignore'), 'utf8').split('\n')
const scratch = mkdtempSync(join(tmpdir(), 'cms-relay-image-'))

interface Image {
  readonly root: string
  readonly env: Record<string, string>
  workdir: string
  command: string[]
  healthcheck: string[]
  volumes: string[]
  user: string
  stopSignal: string
  labels: Record<string, string>
}

function build(stage: Stage, built: ReadonlyMap<string, Image>): Image {
  assert.match(stage.base, /^node:24-slim$/, 'the runtime is the one that runs this script')
  const root = join(scratch, stage.name)
  const image: Image = {
    ...{ root, env: {}, workdir: '/', command: [], healthcheck: [], volumes: [], user: 'root' },
    ...{ stopSignal: '', labels: {} },
  }
  makeOwn(root)
  for (const { word, text } of stage.instructions) {
    if (word === 'WORKDIR') {
      image.workdir = text
      makeOwn(join(root, text))
    } else if (word === 'COPY') copy(text, image, built)
    else if (word === 'RUN')
      execFileSync('sh', ['-c', text], {
        cwd: join(root, image.workdir),
        env: buildEnvironment(image),
        stdio: 'inherit',
        ...user,
      })
    else if (word === 'ENV') Object.assign(image.env, Object.fromEntries([text.split('=', 2)]))
    else if (word === 'USER') image.user = text
    else if (word === 'STOPSIGNAL') image.stopSignal = text
    else if (word === 'LABEL')
      for (const [, name = '', value = ''] of text.matchAll(/([\w.]+)="([^"]*)"/g)) image.labels[name] = value
    else if (word === 'VOLUME') image.volumes.push(text)
    else if (word === 'CMD') image.command = JSON.parse(text)
    else if (word === 'HEALTHCHECK') image.healthcheck = JSON.parse(text.replace(/^.*?CMD /, ''))
    else assert.equal(word, 'EXPOSE', `${word} is no step that this script knows`)
  }
  return image
}

function copy(text: string, image: Image, built: ReadonlyMap<string, Image>): void {
  const words = text.split(/\s+/)
  const flags = words.filter((word) => word.startsWith('--'))
  const paths = words.filter((word) => !word.startsWith('--'))
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length)
  const base = from === undefined ? project : built.get(from)?.root
  assert.ok(base, `COPY from an unknown stage ${from}`)
  const target = join(image.root, image.workdir, paths.at(-1) ?? '')
  for (const path of paths.slice(0, -1)) {
    const isInto = paths.length > 2 || paths.at(-1)?.endsWith('/')
    const source = join(base, path)
    assert.ok(existsSync(source), `COPY ${path}: there is no such file`)
    assert.ok(from !== undefined || context.includes(`!${path}`), `COPY ${path}: .dockerignore leaves it out`)
    cpSync(source, isInto ? join(target, path) : target, { recursive: true })
  }
  own(target)
}

function own(path: string): void {
  if (user.uid === undefined) return
  execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, path])
}

function makeOwn(path: string): void {
  mkdirSync(path, { recursive: true })
  if (user.uid !== undefined) chownSync(path, user.uid, user.gid)
}

/** While building, the way to the network (proxies, certificates) is the builder's. */
function buildEnvironment(image: Image): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV|NODE_OPTIONS)/i.test(name))
  return { ...Object.fromEntries(inherited), ...environment(image) }
}

/** Only what a container would see: nothing of ours leaks in but the way to node. */
function environment(image: Image): NodeJS.ProcessEnv {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`
  const own = Object.entries(image.env).map(([name, value]) => [
    name,
    (value.startsWith('/') ? join(image.root, value) : value).replace('$PATH', path),
  ])
  return { PATH: path, HOME: scratch, ...Object.fromEntries(own) }
}

/** Nobody may write but into the volumes: what `read_only: true` does. */
function makeReadOnly(image: Image): void {
  if (user.uid !== undefined) execFileSync('chown', ['-R', '0:0', image.root])
  execFileSync('chmod', ['-R', 'a-w,a+rX', image.root])
  for (const volume of image.volumes) {
    own(join(image.root, volume))
    chmodSync(join(image.root, volume), 0o755)
  }
}

function start(image: Image, extra: Record<string, string>): ChildProcess {
  const [file = '', ...args] = image.command
  return spawn(file, args, {
    cwd: join(image.root, image.workdir),
    env: { ...environment(image), ...extra },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...user,
  })
}

/** In a container it is the first process, for which the system has no defaults of signals. */
async function stopAsFirstProcess(image: Image): Promise<void> {
  const first = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
  if (user.uid === undefined || spawnSync(first[0]!, [...first.slice(1), 'true']).status !== 0) {
    return console.log('stops: not tried as the first process, which takes root and unshare')
  }
  const drop = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', 'sh', '-c']
  const [file = '', ...args] = [...first, ...drop, 'echo "$$" >&2; exec "$@"', 'sh', ...image.command]
  const options = { cwd: join(image.root, image.workdir), env: { ...environment(image), PORT: '18080' } }
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const outer = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = new Promise<number | null>((resolve) => outer.once('exit', resolve))
    assert.ok(outer.stderr)
    const [pid] = await once(createInterface({ input: outer.stderr }), 'line')
    assert.equal(pid, '1', 'it is the first process')
    await firstLine(outer, 'relay.listening')
    outer.stdout?.resume()
    const inner = readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim()
    process.kill(Number(inner), name)
    assert.equal(await exited, 0, `${name} ends the first process with 0`)
  }
  console.log('stops: as the first process, too')
}

async function firstLine(child: ChildProcess, wanted: string): Promise<Record<string, unknown>> {
  assert.ok(child.stdout)
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes(wanted)) return line.startsWith('{') ? JSON.parse(line) : { line }
  }
  throw new Error(`the process ended before it said ${wanted}`)
}

const config = `
store: sqlite:./data/relay.db
destinations: { main: { token: con.container-secret, website_id: w, site_domain: example.com, base_url: "http://127.0.0.1:9/v1/ingest" } }
sources: { shop: { mapper: shopify, destination: main, secret: container-webhook-secret, vars: { origin: "https://example.com" } } }
`

assert.equal(process.versions.node.split('.')[0], '24', 'run with Node 24, as the image does')
makeOwn(scratch)
chmodSync(scratch, 0o755)
try {
  const built = new Map<string, Image>()
  for (const stage of readDockerfile(join(project, 'Dockerfile'))) built.set(stage.name, build(stage, built))
  const image = [...built.values()].at(-1)
  assert.ok(image)
  assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/, 'the image does not run as root, and says so by number')
  assert.equal(image.stopSignal, 'SIGTERM')
  const packageJson = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  const named = (name: string) => image.labels[`org.opencontainers.image.${name}`]
  assert.deepEqual(
    [named('title'), named('description'), named('licenses')],
    [packageJson.name, packageJson.description, packageJson.license],
  )
  for (const name of ['version', 'revision', 'source', 'base.name']) assert.ok(named(name), `a label names the ${name}`)
  for (const dev of ['vitest', 'typescript', '@biomejs/biome', 'fast-check', 'node']) {
    assert.ok(
      !existsSync(join(image.root, image.workdir, 'node_modules', dev)),
      `dev dependency ${dev} is in the image`,
    )
  }
  assert.ok(!existsSync(join(image.root, image.workdir, 'test')), 'tests are in the image')
  const cached = globSync('compile-cache/**/*', { cwd: join(image.root, image.workdir) })
  assert.ok(cached.length > 100, 'what the engine makes of the code is not in the image')
  writeFileSync(join(image.root, image.workdir, 'relay.yaml'), config)
  makeReadOnly(image)
  const before = Date.now()

  const child = start(image, { PORT: '18080' })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await firstLine(child, 'relay.listening')
  child.stdout?.resume()
  console.log(`serves: ${String(line['origin'])}`)

  const [file = '', ...args] = image.healthcheck
  execFileSync(file, args, {
    cwd: join(image.root, image.workdir),
    env: { ...environment(image), PORT: '18080' },
    ...user,
  })
  console.log('healthy: HEALTHCHECK exits with 0')

  const status = execFileSync('cms-relay', ['status'], {
    cwd: join(image.root, image.workdir),
    env: environment(image),
    encoding: 'utf8',
    ...user,
  })
  assert.match(status, /main/)
  console.log('commands: cms-relay status works beside it')

  const body = JSON.stringify({
    id: 1,
    title: 'T',
    handle: 't',
    status: 'active',
    published_at: '2026-01-01T00:00:00Z',
  })
  const signature = createHmac('sha256', 'container-webhook-secret').update(body).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'x-shopify-topic': 'products/update',
    'x-shopify-hmac-sha256': signature,
  }
  const answer = await fetch('http://127.0.0.1:18080/webhooks/shop', { method: 'POST', headers, body })
  assert.equal(answer.status, 202, await answer.text())
  console.log('keeps: a signed webhook is answered 202')

  child.kill('SIGTERM')
  assert.equal(await exited, 0, 'SIGTERM ends the process with 0')
  console.log('stops: SIGTERM ends it with 0')

  await stopAsFirstProcess(image)

  const volume = image.volumes.map((path) => join(image.root, path))
  const changed = globSync('**/*', { cwd: image.root })
    .map((path) => join(image.root, path))
    .filter((path) => lstatSync(path).isFile() && statSync(path).mtimeMs >= before)
    .filter((path) => !volume.some((folder) => path.startsWith(folder)))
  assert.deepEqual(changed, [], 'something was written outside the volume')
  assert.ok(existsSync(join(volume[0] ?? '', 'relay.db')), 'the database is in the volume')
  const size = execFileSync('du', ['-sm', join(image.root, image.workdir)], { encoding: 'utf8' }).split('\t')[0]
  console.log(`writes: only into ${image.volumes.join(', ')}; the application is ${size} MB on top of the base image`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
