import { existsSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createClock, product, startRelay, startSandbox } from './support.ts'

const project = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(project, file), 'utf8')
const page = read('docs/how-it-works.md')

interface Stop {
  readonly file: string
  readonly name: string
}

/** The rows of the table below a heading. */
function stopsOf(heading: string): readonly Stop[] {
  const [, section = ''] = page.split(`\n${heading}\n`)
  const rows = [...section.split(/^#/m)[0]!.matchAll(/^\| .+? \| \[([^\]]+)\]\(\.\.\/([^)]+)\) `(\w+)` \| .*\|$/gm)]
  return rows.map(([, , file = '', name = '']) => ({ file, name }))
}

const receive = stopsOf('## 1. Receive: from the request to the commit')
const map = stopsOf('## 2. Map: from the event to the desired state')
const fetch = stopsOf('### If the webhook does not hold its record')
const seal = stopsOf('### Seal a batch')
const send = stopsOf('### Send it')

function roomOf(file: string): string {
  return /^src\/(store\/)?[^/]+/.exec(file)?.[0] ?? 'routes'
}

test('the way of a webhook has at most 25 files', () => {
  const files = new Set([...receive, ...map, ...seal, ...send].map(({ file }) => file))
  expect(files.size).toBeGreaterThan(20)
  expect(files.size).toBeLessThanOrEqual(25)
})

test.each(Object.entries({ receive, map, fetch, seal, send }))(
  '%s enters no room twice, but for the store',
  (_, walk) => {
    const doors = walk.map(({ file }) => roomOf(file)).filter((room) => room !== 'src/stages')
    const rooms = doors.filter((room, index) => room !== doors[index - 1])
    const others = rooms.filter((room) => room !== 'src/store/sqlite')
    expect(walk.length).toBeGreaterThan(4)
    expect(others).toEqual([...new Set(others)])
    expect(rooms.length - others.length).toBeLessThanOrEqual(2)
  },
)

test('what is named right behind a file is in that file', () => {
  const named = [...page.matchAll(/\]\(\.\.\/([\w./-]+\.ts)\)((?:,? `\w+`)+)/g)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/\w+/g)].map(([name]) => ({ file, name })),
  )
  expect(named.length).toBeGreaterThan(30)
  const isThere = ({ file, name }: Stop) =>
    existsSync(join(project, file)) && new RegExp(`\\b${name}\\b`).test(read(file))
  expect(named.filter((stop) => !isThere(stop))).toEqual([])
})

describe('one webhook', () => {
  test('calls each function of each walk', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const relay = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

    async function missing(walk: readonly Stop[], work: () => Promise<unknown>): Promise<readonly Stop[]> {
      await work()
      // Counts begin anew with each look.
      const { result } = await session.post('Profiler.takePreciseCoverage')
      const isCalled = ({ file, name }: Stop) =>
        result
          .filter(({ url }) => url.endsWith(join(project, file)))
          .some(({ functions }) =>
            functions.some(({ functionName, ranges }) => functionName === name && ranges[0]!.count > 0),
          )
      return walk.filter((stop) => !isCalled(stop))
    }

    try {
      expect(await missing(receive, () => relay.sendShop('products/update', product(1)))).toEqual([])
      expect(await missing(map, () => relay.map())).toEqual([])
      expect(await missing([...seal, ...send], () => relay.deliver(60_000))).toEqual([])
    } finally {
      await session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    }
    expect(sandbox.items()).toMatchObject([{ id: 'product:1' }])
  }, 60_000)
})
