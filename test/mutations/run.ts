import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { broken, type Mutation } from './apply.ts'
import { mutations } from './list.ts'

const usage = `npm run mutate [-- --only TEXT] [--at-once 2]
  Breaks one line at a time in a copy of the checkout, and runs the tests that must notice.
  --only     those with this in their file, their promise or what they break
  --at-once  how many copies are tried side by side
  --quick    neither sees first whether the tests pass with nothing broken, nor asks other tests than the named ones`

const root = join(import.meta.dirname, '../..')
/** Where the named tests notice nothing, these are asked, so that the table says where the promise is tested at all. */
const fallback = [
  'test/store',
  'test/stages',
  'test/routes',
  'test/security',
  'test/verify',
  'test/domain',
  'test/ingest',
]
/** A line that makes its tests hang is noticed as well. */
const longestMs = 240_000

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    'at-once': { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours
const ansi = /\u001b\[[0-9;]*m/g

type Verdict = 'noticed' | 'noticed elsewhere' | 'SURVIVES' | 'DOES NOT APPLY'

interface Finding {
  readonly mutation: Mutation
  readonly verdict: Verdict
  readonly told: string
}

const chosen = mutations.filter(({ file, breaks, promise }) =>
  `promise ${promise} ${file} ${breaks}`.includes(values.only),
)
const folder = mkdtempSync(join(tmpdir(), 'relay-mutations-'))
chmodSync(folder, 0o755) // some tests run as another user
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
/** Groups of processes that run tests. */
const running = new Set<number>()
process.once('exit', () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const queue = [...chosen]
const findings: Finding[] = []
const start = performance.now()

// A test that fails by itself would notice everything.
const first = copyTo(join(folder, 'copy-0'))
const named = [...new Set(chosen.flatMap(({ tests }) => tests))]
console.log(`${chosen.length} breakages; first the ${named.length} test files that must notice them, unbroken`)
const failing = named.length > 0 && !values.quick ? await fails(first, named, longestMs * 4) : null
if (failing !== null) {
  console.log(`a test fails before anything is broken: ${failing}`)
  process.exit(1)
}

await Promise.all(Array.from({ length: Number(values['at-once']) }, (_, index) => work(index)))
console.log(`\n${table()}\n\n${chosen.length} breakages in ${Math.round((performance.now() - start) / 1_000)} s`)
process.exit(findings.every(({ verdict }) => verdict.startsWith('noticed')) ? 0 : 1)

async function work(index: number): Promise<void> {
  const copy = index === 0 ? first : copyTo(join(folder, `copy-${index}`))
  for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
    const finding = await judge(copy, mutation)
    findings.push(finding)
    console.log(
      `${finding.verdict.padEnd(17)} ${mutation.file}: ${mutation.breaks}${finding.told && ` (${finding.told})`}`,
    )
  }
}

async function judge(copy: string, mutation: Mutation): Promise<Finding> {
  const { file, tests } = mutation
  const path = join(copy, file)
  const whole = readFileSync(path, 'utf8')
  try {
    const text = broken(whole, mutation)
    // What can't be parsed would be noticed by any test.
    if (file.endsWith('.ts')) stripTypeScriptTypes(text)
    writeFileSync(path, text)
  } catch (error) {
    return { mutation, verdict: 'DOES NOT APPLY', told: (error as Error).message }
  }
  try {
    const by = await fails(copy, tests, longestMs)
    if (by !== null) return { mutation, verdict: 'noticed', told: by }
    const elsewhere = values.quick ? null : await fails(copy, fallback, longestMs * 4)
    if (elsewhere !== null) return { mutation, verdict: 'noticed elsewhere', told: elsewhere }
    return { mutation, verdict: 'SURVIVES', told: '' }
  } finally {
    writeFileSync(path, whole)
  }
}

/** The first test that fails; null if all pass. */
async function fails(copy: string, tests: readonly string[], withinMs: number): Promise<string | null> {
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--maxWorkers=1', '--bail=1', '--testTimeout=90000', '--reporter=verbose', ...tests]
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const pid = child.pid!
  running.add(pid)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), withinMs)
  const [code] = await new Promise<[number | null]>((resolve) => child.once('close', (code) => resolve([code])))
  clearTimeout(timer)
  running.delete(pid)
  if (code === 0) return null
  if (code === null) return 'the tests hang'
  const [, name] = / (?:FAIL|×) {2}?(.+)/.exec(text.replace(ansi, '')) ?? []
  return (name ?? text.trim().split('\n').at(-1) ?? '').trim().slice(0, 160)
}

/** What git would commit, with the packages of this checkout. Never the working tree itself is broken. */
function copyTo(copy: string): string {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const file of list.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  const packages = join(copy, 'node_modules')
  mkdirSync(packages)
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.vite')) symlinkSync(join(root, 'node_modules', name), join(packages, name))
  }
  return copy
}

function table(): string {
  const rows = [...findings]
    .sort((a, b) => chosen.indexOf(a.mutation) - chosen.indexOf(b.mutation))
    .map(({ mutation: { promise, breaks }, verdict, told }) => `| ${promise} | ${breaks} | ${verdict} | ${told} |`)
  return ['| Promise | What is broken | Verdict | By |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
