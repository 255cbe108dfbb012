// What `npm pack` puts into the package: Node leaves no types out below node_modules, so dist/ has the same files
// without them, line for line, and the declarations of `cms-relay/mapper`. It writes nothing to standard output.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const shipped = [
  'src/**/*.*',
  'routes/**/*.ts',
  'mappers/*.*',
  'packages/*/{index.ts,package.json}',
  'packages/*/src/*.ts',
]

rmSync(dist, { recursive: true, force: true })
for (const file of globSync(shipped, { cwd: root })) write(file)
writeDeclarations('src/mapping/kit')
// The code reads its version there, and Node that the files are modules.
copyFileSync(join(root, 'package.json'), join(dist, 'package.json'))

function write(file: string): void {
  const target = join(dist, file.replace(/\.ts$/, '.js'))
  mkdirSync(dirname(target), { recursive: true })
  if (file.endsWith('.ts')) {
    const code = withJsNames(stripTypeScriptTypes(readFileSync(join(root, file), 'utf8')))
    for (const path of pathsIn(code)) mustExist(join(dirname(file), path))
    writeFileSync(target, code)
  } else if (file.endsWith('.json')) writeFileSync(target, withJsNames(readFileSync(join(root, file), 'utf8')))
  else copyFileSync(join(root, file), target)
}

/** With `.js` at the end of every relative path that is written out: of imports, and of what is found by url or `require`. */
function withJsNames(code: string): string {
  return code.replace(/(['"`])(\.\.?\/[^'"`\n]*)\.ts\1/g, '$1$2.js$1')
}

function pathsIn(code: string): readonly string[] {
  return [...code.matchAll(/(['"])(\.\.?\/[^'"\n]*\.js)\1/g)].map(([, , path = '']) => path)
}

function mustExist(file: string): void {
  if (!existsSync(join(root, file.replace(/\.js$/, '.ts')))) throw new Error(`${file}: there is no such file`)
}

/** The declarations of a module and of all that it names: a package holds no reference to what it has not. */
function writeDeclarations(entry: string): void {
  const made = mkdtempSync(join(tmpdir(), 'cms-relay-types-'))
  try {
    const tsc = join(root, 'node_modules/.bin/tsc')
    const args = ['-p', join(import.meta.dirname, 'tsconfig.json'), '--outDir', made]
    execFileSync(tsc, args, { stdio: ['ignore', process.stderr, 'inherit'] })
    const open = [entry]
    for (const file of open) {
      const text = withJsNames(readFileSync(join(made, `${file}.d.ts`), 'utf8'))
      writeFileSync(join(dist, `${file}.d.ts`), text)
      for (const path of pathsIn(text)) {
        const next = join(dirname(file), path.replace(/\.js$/, ''))
        if (!open.includes(next)) open.push(next)
      }
    }
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}
