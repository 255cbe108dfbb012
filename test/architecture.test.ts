import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Room {
  readonly place: string
  /** A room imports only rooms of a lower floor, types included. Rooms of one floor do not know each other. */
  readonly floor: number
  /** Packages that it may import, and builtin modules: `node:*` for any but those that a room of its own has. */
  readonly packages: readonly string[]
}

const rooms: readonly Room[] = [
  {
    place: 'packages/jsonata-compile',
    floor: 0,
    packages: ['jsonata', 'node:crypto', 'node:module', 'node:perf_hooks'],
  },
  { place: 'src/domain', floor: 0, packages: ['zod', 'node:crypto'] },
  { place: 'src/json', floor: 1, packages: ['secure-json-parse', 'node:buffer'] },
  { place: 'src/process', floor: 1, packages: ['node:*'] },
  { place: 'src/http-client', floor: 1, packages: ['undici', 'ipaddr.js', 'node:*'] },
  { place: 'src/mistakes', floor: 1, packages: ['zod', 'yaml', 'node:*'] },
  { place: 'src/verify', floor: 2, packages: ['zod', 'jose', 'ipaddr.js', 'node:*'] },
  { place: 'src/mapping', floor: 2, packages: ['*', 'node:*'] },
  { place: 'src/ingest', floor: 2, packages: ['zod', 'node:*'] },
  { place: 'src/cms-api', floor: 2, packages: ['node:*'] },
  { place: 'src/store/contract', floor: 3, packages: [] },
  { place: 'src/store/shared', floor: 3.1, packages: ['node:*'] },
  { place: 'src/store/sqlite', floor: 3.2, packages: ['node:sqlite', 'node:*'] },
  { place: 'src/store', floor: 3.3, packages: ['node:*'] },
  { place: 'src/stages', floor: 4, packages: ['node:*'] },
  { place: 'src/config', floor: 4, packages: ['zod', 'yaml', 'node:*'] },
  { place: 'src/runtime', floor: 5, packages: ['node:*'] },
  { place: 'src/wiring', floor: 5, packages: ['node:*'] },
  { place: 'src/api', floor: 5, packages: ['zod'] },
  { place: 'src/observe', floor: 6, packages: ['pino', 'prom-client', 'node:*'] },
  { place: 'src/registry', floor: 7, packages: ['node:*'] },
  { place: 'src/relay.ts', floor: 8, packages: ['node:*'] },
  {
    place: 'src/http',
    floor: 9,
    packages: ['fastify', '@fastify/rate-limit', '@fastify/proxy-addr', 'ipaddr.js', 'zod', 'node:*'],
  },
  { place: 'routes', floor: 10, packages: ['fastify', 'zod', 'node:*'] },
  { place: 'src/app.ts', floor: 11, packages: ['fastify', '@fastify/rate-limit', 'pino', 'node:*'] },
  { place: 'src/sandbox', floor: 11, packages: ['fastify', 'zod', 'node:sqlite', 'node:*'] },
  { place: 'src/serve.ts', floor: 12, packages: ['fastify', 'pino', 'node:*'] },
  { place: 'src/commands', floor: 13, packages: ['*', 'node:*'] },
  { place: 'src/cli.ts', floor: 14, packages: ['node:*'] },
]

/** Packages that have a room of their own: nobody else imports them, not even as a type. */
const housed = ['fastify', '@fastify/rate-limit', 'undici', 'node:sqlite', 'jsonata', 'pino', 'prom-client']

const files = globSync(['packages/*/*.ts', 'packages/*/src/**/*.ts', 'src/**/*.ts', 'routes/**/*.ts'], { cwd: root })
const imports = new Map(files.map((file) => [file, importsOf(file)]))

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const written = [
    ...text.matchAll(/^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/^\s*import\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
    ...text.matchAll(/\brequire\('([^']+)'\)/g),
  ]
  return written.map(([, path = '']) => (path.startsWith('.') ? normalize(join(dirname(file), path)) : path))
}

function roomOf(file: string): Room | undefined {
  return rooms.find(({ place }) => file === place || file.startsWith(`${place}/`))
}

const isLocal = (path: string) => imports.has(path)

/** Groups of nodes that lead back to themselves (Tarjan). */
function circlesIn(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const circles: string[][] = []
  function visit(node: string): void {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    path.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next)
      if (path.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!))
    }
    if (low.get(node) !== index.get(node)) return
    const circle = path.splice(path.indexOf(node))
    if (circle.length > 1) circles.push(circle)
  }
  for (const node of edges.keys()) if (!index.has(node)) visit(node)
  return circles
}

test('every file has a room', () => {
  expect(files.length).toBeGreaterThan(250)
  expect(files.filter((file) => !roomOf(file))).toEqual([])
})

test('imports point down, from floor to floor, types included', () => {
  const wrong = [...imports].flatMap(([file, targets]) =>
    targets.filter(isLocal).flatMap((target) => {
      const [from, to] = [roomOf(file)!, roomOf(target)!]
      return from === to || to.floor < from.floor ? [] : [`${file} imports ${target}`]
    }),
  )
  expect(wrong).toEqual([])
})

test('groups of commands do not know each other; what several need is shared', () => {
  const groupOf = (file: string) => /^src\/commands\/([\w-]+)\//.exec(file)?.[1]
  const wrong = [...imports].flatMap(([file, targets]) => {
    const group = groupOf(file)
    if (group === undefined || group === 'program') return []
    return targets
      .filter((target) => target.startsWith('src/commands/') && ![group, 'shared'].includes(groupOf(target) ?? ''))
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
  expect(new Set(files.map(groupOf)).size).toBeGreaterThan(7)
})

describe('the page for newcomers', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const floors = [...new Set(rooms.map(({ floor }) => floor))]

  test('draws each floor with its rooms, the highest first', () => {
    const drawn = [...page.matchAll(/^ +([\d.]+) │ (.+)$/gm)].map(([, floor, line = '']) => {
      return [Number(floor), line.match(/\b(?:src|routes|packages)\b[\w./-]*/g)]
    })
    const built = floors.map((floor) => [floor, rooms.filter((room) => room.floor === floor).map(({ place }) => place)])
    expect(drawn).toEqual(built.reverse())
  })

  test('says of each room what it is for', () => {
    const [, section = ''] = page.split(/^## The rooms$/m)
    const named = [...section.split(/^##/m)[0]!.matchAll(/^\| `([^`]+)` \| \S.+ \|$/gm)].map(([, place]) => place)
    expect(named).toEqual(rooms.map(({ place }) => place))
  })
})

describe('a package', () => {
  const packageOf = (file: string) => /^packages\/[^/]+/.exec(file)?.[0]
  const helpers = ['test/fast-check.ts', 'test/fuzz/runs.ts']

  test('imports nothing of the house, nor do its tests but for helpers', () => {
    const own = globSync('packages/*/**/*.ts', { cwd: root, exclude: ['**/node_modules'] })
    const wrong = own.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.includes('/') && target.endsWith('.ts') && !helpers.includes(target))
        .filter((target) => packageOf(target) !== packageOf(file))
        .map((target) => `${file} imports ${target}`),
    )
    expect(own.length).toBeGreaterThan(30)
    expect(wrong).toEqual([])
  })

  test('is imported by its entry', () => {
    const wrong = [...imports].flatMap(([file, targets]) =>
      targets
        .filter((target) => packageOf(target) !== packageOf(file) && /^packages\/[^/]+\/(?!index\.ts$)/.test(target))
        .map((target) => `${file} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('no circle', () => {
  test('of files', () => {
    const edges = new Map([...imports].map(([file, targets]) => [file, targets.filter(isLocal)]))
    expect(circlesIn(edges)).toEqual([])
  })

  test('is overlooked: a circle of three is found, and a fork that meets again is none', () => {
    const edges = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', ['e']],
      ['e', ['f']],
      ['f', ['d']],
    ])
    expect(circlesIn(edges).map((circle) => [...circle].sort())).toEqual([['d', 'e', 'f']])
  })
})

test('a package is imported only in the rooms that it is for', () => {
  const wrong = [...imports].flatMap(([file, targets]) => {
    const { packages } = roomOf(file)!
    return targets
      .filter((target) => !isLocal(target) && !/^(src|packages|routes|package\.json)/.test(target))
      .filter((target) => !allows(packages, target))
      .map((target) => `${file} imports ${target}`)
  })
  expect(wrong).toEqual([])
})

function allows(packages: readonly string[], target: string): boolean {
  const isHoused = housed.some((name) => target === name || target.startsWith(`${name}/`))
  const isAny = isBuiltin(target) ? packages.includes('node:*') : packages.includes('*')
  return packages.includes(target) || (isAny && !isHoused)
}
