import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describePlan } from './plan.ts'
import { badOf, type Result, runRound } from './round.ts'
import type { Finding } from './scenario.ts'
import { runScenarios } from './scenarios.ts'

const usage = `npm run chaos [-- --rounds 200] [--seed 1] [--at-once 2]
  --rounds   how many rounds, with the seeds from --seed on
  --seed     the first seed; with --rounds 1 one round alone, as it was
  --at-once  how many rounds run side by side
  --only     no rounds, only the scenarios with this in their name; "all" for all of them
  --write    puts the tables into docs/reliability.md`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '2' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(usage)
  process.exit(0)
}

const folder = mkdtempSync(join(process.env['CHAOS_DIR'] ?? tmpdir(), 'relay-chaos-'))
const first = Number(values.seed)
const isReplay = values.rounds === '1'
const rounds = values.only === undefined ? Number(values.rounds) : 0
const seeds = Array.from({ length: rounds }, (_, index) => first + index)
const results: Result[] = []
/** Rounds that came to no result. */
let broken = 0

// Interrupted, it brings the rounds under way to an end, and tells what they came to.
process.once('SIGINT', () => seeds.splice(0))

async function worker(): Promise<void> {
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    const result = await runRound(seed, folder).catch((error: Error) => error)
    if (result instanceof Error) {
      broken += 1
      console.log(`BAD seed ${seed}: ${result.message}`)
      continue
    }
    results.push(result)
    const bad = badOf(result)
    const verdict = bad.length === 0 ? 'ok ' : 'BAD'
    console.log(`${verdict} seed ${seed}: ${describePlan(result.plan)}; ${Math.round(result.convergedMs)} ms`)
    for (const line of bad) console.log(`      ${line}`)
  }
}

await Promise.all(Array.from({ length: Number(values['at-once']) }, worker))
const findings = isReplay ? [] : await runScenarios(folder, values.only === 'all' ? '' : values.only)
const failed =
  broken +
  results.filter((result) => badOf(result).length > 0).length +
  findings.filter(({ bad }) => bad.length > 0).length
if (results.length > 0) console.log(`\n${tableOf(results)}`)
if (findings.length > 0) console.log(`\n${tableOfFindings(findings)}`)
if (values.write) write([tableOf(results), tableOfFindings(findings)].join('\n\n'))
if (failed === 0) rmSync(folder, { recursive: true })
else console.log(`\nlogs and databases of what failed: ${folder}`)
process.exit(failed === 0 ? 0 : 1)

function write(text: string): void {
  const file = join(import.meta.dirname, '../docs/reliability.md')
  const page = readFileSync(file, 'utf8')
  const place = /(<!-- chaos -->\n)[\s\S]*?(<!-- \/chaos -->)/
  if (!place.test(page)) throw new Error(`${file} has no place for the tables`)
  writeFileSync(
    file,
    page.replace(place, (_match, start: string, end: string) => `${start}${text}\n${end}`),
  )
}

function tableOfFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ scenario, told, bad }) => `| ${scenario} | ${bad.length} | ${told} |`)
  return ['| Fault | Bad | What happened |', '| --- | --- | --- |', ...rows].join('\n')
}

function tableOf(results: readonly Result[]): string {
  const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0)
  const rows: readonly (readonly [string, number | string])[] = [
    ['rounds', results.length],
    ['webhooks acknowledged', sum(({ webhooks }) => webhooks)],
    ['items', sum(({ items }) => items)],
    ['calls to the ingest API', sum(({ calls }) => calls)],
    ['starts of the relay', sum(({ starts }) => starts)],
    ['**lost**', sum(({ lost }) => lost.length)],
    ['**delivered twice in effect**', sum(({ twice }) => twice.length)],
    ['**stale overwrites**', sum(({ stale }) => stale.length)],
    ['**resurrections**', sum(({ resurrected }) => resurrected.length)],
    ['**keys reused with other bytes**', sum(({ reusedKeys }) => reusedKeys.length)],
    ['**calls refused by the judge**', sum(({ refused }) => refused.length)],
    ['**content or checksums that nobody has saved**', sum(({ corrupt }) => corrupt.length)],
    ['**anything else that should not be**', sum(({ other }) => other.length)],
    [
      'longest time to converge',
      `${(Math.max(...results.map(({ convergedMs }) => convergedMs)) / 1_000).toFixed(1)} s`,
    ],
  ]
  return ['| What | Count |', '| --- | --- |', ...rows.map(([what, count]) => `| ${what} | ${count} |`)].join('\n')
}
