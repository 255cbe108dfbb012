import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '../..')

interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[]; readonly permissions?: object }>>
}

describe.each(globSync('.github/workflows/*.yml', { cwd: root }))('%s', (file) => {
  const { permissions, jobs } = parse(readFileSync(join(root, file), 'utf8')) as Workflow
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  const runs = steps.flatMap(({ run }) => run ?? [])

  test('runs .ci/run first, and scripts that exist', () => {
    expect(existsSync(join(root, '.ci/run'))).toBe(true)
    expect(jobs['check']?.steps.map(({ run }) => run)).toContain('.ci/run')
    const scripts = runs.flatMap((run) =>
      [...run.matchAll(/\bnpm run (?:--silent )?([a-z:]+)/g)].map(([, name = '']) => name),
    )
    expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([])
  })

  test('may do in each job only what that asks for', () => {
    if (Object.keys(jobs).length === 1) return expect(permissions).toEqual({ contents: 'read' })
    expect(permissions).toEqual({})
    for (const [name, job] of Object.entries(jobs)) expect(job.permissions, name).toBeDefined()
  })

  test('uses actions by version or commit, and has no expression in a script', () => {
    const used = steps.flatMap(({ uses }) => uses ?? [])
    expect(used.filter((uses) => !/@(v\d+(\.\d+\.\d+)?|[0-9a-f]{40})$/.test(uses))).toEqual([])
    expect(runs.filter((run) => run.includes('${{'))).toEqual([]) // it would be read as code
  })
})

test('no script of a package runs where the workflow has an identity of its own', () => {
  const { jobs } = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow
  const trusted = Object.values(jobs).filter(({ permissions }) => JSON.stringify(permissions).includes('write'))
  const installs = trusted.flatMap(({ steps }) => steps.flatMap(({ run }) => (run?.includes('npm ci') ? run : [])))
  expect(installs).toEqual(['npm ci --ignore-scripts'])
})

test('what the image needs to run is what .dockerignore lets in', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  const copied = [...dockerfile.matchAll(/^COPY ([^-\n].*) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '))
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  expect(copied.length).toBeGreaterThan(7)
  expect(copied.filter((path) => !allowed.includes(`!${path}`))).toEqual([])
})
