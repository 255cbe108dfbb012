// Measures the relay and prints one table: `npm run bench`, or `node bench/run.ts accept mapping`. With --write the
// table also goes into docs/benchmarks.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { benchAccept } from './accept.ts'
import { cpuCount, pinned, pinSelf } from './cores.ts'
import { benchFaults } from './faults.ts'
import { benchMapping } from './mapping.ts'
import { benchMemory, benchStart, cleanUp } from './pending.ts'
import { type Row, tableOf } from './report.ts'
import { benchSustained } from './sustained.ts'

const benches: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  accept: benchAccept,
  sustained: benchSustained,
  faults: benchFaults,
  mapping: benchMapping,
  memory: benchMemory,
  start: benchStart,
}

const names = process.argv.slice(2).filter((argument) => argument !== '--write')
const unknown = names.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')} (there is ${Object.keys(benches).join(', ')})`)
  process.exit(2)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
pinSelf()
const machine = `Node ${process.version}, ${cpuCount} CPUs (${cpus()[0]?.model}), ${pinned ? 'server and load on a core each' : 'not pinned'}`
console.log(machine)
const rows: Row[] = []
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue
    const start = performance.now()
    rows.push(...(await bench()))
    console.error(`${name}: done in ${Math.round((performance.now() - start) / 1000)} s`)
  }
} finally {
  await cleanUp()
}
const table = tableOf(rows)
console.log(`\n${table}`)
if (process.argv.includes('--write')) write(`${machine}\n\n${table}`)

function write(text: string): void {
  const file = join(import.meta.dirname, '../docs/benchmarks.md')
  const page = readFileSync(file, 'utf8')
  const place = /(<!-- bench -->\n)[\s\S]*?(\n<!-- \/bench -->)/
  if (!place.test(page)) throw new Error(`${file} has no place for the table`)
  writeFileSync(
    file,
    page.replace(place, (_match, start: string, end: string) => `${start}${text}${end}`),
  )
}
