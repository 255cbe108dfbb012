import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
/** Rank of each folder: a file imports only what ranks lower, or its own folder. Folders of one rank do not know each other. */
const ranks: readonly (readonly [folder: string, rank: number])[] = [
  ['src/domain', 0],
  ['src/http-client', 0.5],
  ['src/verify', 1],
  ['src/mapping', 1],
  ['src/ingest', 1],
  ['src/fetch', 1],
  ['src/store', 1],
  ['src/stages', 2],
  // What routes and the composition share: the configuration as read, envelopes, metrics.
  ['src/config', 3],
  ['src/plugins', 3],
  ['routes', 4],
  ['src', 5],
]

function placeOf(file: string): readonly [folder: string, rank: number] | undefined {
  return ranks.find(([folder]) => file.startsWith(`${folder}/`))
}

/** Imports that TypeScript erases do not count where they go up: a route may name the type of what it is given. */
function importsOf(file: string): readonly { readonly to: string; readonly isType: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern = /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'/gm
  return [...text.matchAll(pattern)].map(([, type, path = '']) => ({
    to: normalize(join(dirname(file), path)),
    isType: type !== undefined,
  }))
}

const files = globSync(['src/**/*.ts', 'routes/**/*.ts'], { cwd: root })

test('there are files to look at', () => expect(files.length).toBeGreaterThan(50))

test('imports point one way: domain <- http-client <- verify | mapping | ingest | fetch | store <- stages <- routes <- src', () => {
  const wrong: string[] = []
  for (const file of files) {
    const from = placeOf(file)
    for (const { to, isType } of importsOf(file)) {
      const target = placeOf(to)
      if (!from || !target || from[0] === target[0]) continue
      if (target[1] >= from[1] && !isType && !(from[0] === 'src/config' && target[0] === 'src/plugins')) {
        wrong.push(`${file} imports ${to}`)
      }
    }
  }
  // The one place where the HTTP side is put together.
  expect(wrong.filter((line) => line !== 'src/app.ts imports routes/index.ts')).toEqual([])
})

test('siblings of one rank do not even name each other', () => {
  const siblings = ['src/verify', 'src/mapping', 'src/ingest', 'src/fetch', 'src/store']
  const wrong = files.flatMap((file) => {
    const own = siblings.find((folder) => file.startsWith(`${folder}/`))
    if (!own) return []
    return importsOf(file)
      .filter(({ to }) => siblings.some((other) => other !== own && to.startsWith(`${other}/`)))
      .map(({ to }) => `${file} imports ${to}`)
  })
  expect(wrong).toEqual([])
})

test('the domain knows no I/O but hashing', () => {
  const outside = files
    .filter((file) => file.startsWith('src/domain/'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name),
    )
  expect(new Set(outside)).toEqual(new Set(['node:crypto', 'zod']))
})
