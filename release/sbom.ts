// Prints what production needs, as CycloneDX: `npm run -s sbom`. `npm sbom --omit=dev` leaves out a package that a development
// dependency names as an optional peer (yaml, by vite; npm 11.19), so npm is asked about a project without those.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const parent = mkdtempSync(join(tmpdir(), 'cms-relay-sbom-'))
const folder = join(parent, manifest.name) // npm names the whole after its folder
try {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  copyFileSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'))
  const npm = (...args: readonly string[]) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })
  npm('install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund')
  process.stdout.write(npm('sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'))
} finally {
  rmSync(parent, { recursive: true })
}
