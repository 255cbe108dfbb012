import { accessSync, constants, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CmsName, type Pins, pins } from './pins.ts'
import { runProgram } from './program.ts'

type Run = (file: string, args: readonly string[]) => Promise<void>

/** Installs a CMS at its pinned version into a folder of its own. Does nothing where this has been done before. */
export async function installCms(name: CmsName, folder: string): Promise<void> {
  const { unpack = false, build = [] }: Pins = pins[name]
  const marker = join(folder, 'installed.json')
  const wanted = JSON.stringify(pins[name])
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return

  const run: Run = (file, args) => {
    const log = join(folder, 'logs', `${file}-${args[0]}.log`)
    return runProgram(file, args, { cwd: folder, log })
  }
  if ((pins[name] as Pins).debian) {
    await unpackDebian(name, folder, run)
    writeFileSync(marker, wanted)
    return
  }
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  if (unpack) {
    await unpackSite(name, folder, run)
    await run('npm', ['install', '--omit=dev', '--legacy-peer-deps', ...flags])
  } else {
    const { type = 'commonjs', dependencies, overrides = {} }: Pins = pins[name]
    const manifest = { name: `${name}-site`, version: '1.0.0', private: true, type, dependencies, overrides }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    await run('npm', ['install', ...flags])
  }
  if (build.length > 0) await run('npm', ['rebuild', ...build])
  writeFileSync(marker, wanted)
}

/** Makes the package itself the site, with our versions in its manifest. */
async function unpackSite(name: CmsName, folder: string, run: Run): Promise<void> {
  const { named, dependencies, overrides }: Pins = pins[name]
  const version = dependencies[named]!
  await run('npm', ['pack', `${named}@${version}`])
  await run('tar', ['-xzf', `${named}-${version}.tgz`, '--strip-components=1'])
  const path = join(folder, 'package.json')
  const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'))
  const optionalDependencies = { ...manifest.optionalDependencies, ...overrides }
  writeFileSync(path, JSON.stringify({ ...manifest, optionalDependencies }))
}

/** Unpacks packages of Debian below the folder, without installing anything on the machine. */
async function unpackDebian(name: CmsName, folder: string, run: Run): Promise<void> {
  const { dependencies, debian }: Pins = pins[name]
  const missing = debian!.programs.filter((program) => !isProgram(program))
  if (missing.length > 0) {
    const cure = `apt-get install --no-install-recommends ${debian!.packages.join(' ')}`
    throw new Error(`${name} needs ${missing.join(', ')}, which this machine does not have: ${cure}`)
  }
  if (Object.keys(dependencies).length === 0) return
  await run('apt-get', ['download', ...Object.entries(dependencies).map(([name, version]) => `${name}=${version}`)])
  for (const file of globSync('*.deb', { cwd: folder })) await run('dpkg-deb', ['-x', file, 'root'])
}

function isProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
