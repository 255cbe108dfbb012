import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { createFolder } from '../folder.ts'

const bin = join(import.meta.dirname, '../../bin')

/**
 * A folder as npm lays it out, whose entry does what it does on Node 20, and whose command is `program`. `version` is
 * that of the `node` package, which is as far away as npm may put it; none if null.
 */
function layOut({ program = '', version = '24.21.0' as string | null, isCheckout = true }) {
  const root = createFolder()
  const home = join(root, 'node_modules/cms-relay')
  cpSync(bin, join(home, 'bin'), { recursive: true })
  writeFileSync(join(home, 'package.json'), '{"type":"module"}')
  writeFileSync(join(home, 'program.js'), program)
  writeFileSync(
    join(home, 'entry.js'),
    `import { runWithNewerNode } from './bin/newer-node.js'
     process.argv[1] = ${JSON.stringify(join(home, 'program.js'))}
     runWithNewerNode('20.20.2', ${isCheckout})`,
  )
  if (version !== null) {
    const node = join(root, 'node_modules/node')
    mkdirSync(join(node, 'bin'), { recursive: true })
    writeFileSync(join(node, 'package.json'), JSON.stringify({ name: 'node', version }))
    symlinkSync(process.execPath, join(node, 'bin/node'))
  }
  return join(home, 'entry.js')
}

function start(entry: string, ...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], { cwd: dirname(entry), stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  return { child, ended: once(child, 'close'), output }
}

test('the command runs with the Node that npm has brought: arguments, standard input and exit code pass through', async () => {
  const program = `let input = ''
    for await (const text of process.stdin) input += text
    console.log(process.execPath.includes('node_modules') || process.argv0.includes('node_modules'), input, ...process.argv.slice(2))
    process.exitCode = 7`
  const { child, ended, output } = start(layOut({ program }), 'map', '--var', 'a b')
  child.stdin.end('hello')
  expect(await ended).toEqual([7, null])
  expect(await output).toEqual(['true hello map --var a b\n', ''])
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)('%s goes on to it', async (name) => {
  const program = `process.on('${name}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready')`
  const { child, ended } = start(layOut({ program }))
  await once(createInterface({ input: child.stdout }), 'line')
  child.kill(name)
  expect(await ended).toEqual([5, null])
})

test('a command that a signal ends, ends the outer process by the same', async () => {
  const { child, ended } = start(
    layOut({ program: `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)` }),
  )
  child.stdin.end()
  expect(await ended).toEqual([null, 'SIGTERM'])
})

test.each([
  ['without one', null],
  ['with one that is as old', '22.20.0'],
])('%s it says what to do', async (_, version) => {
  const inCheckout = start(layOut({ version }))
  const fromNpm = start(layOut({ version, isCheckout: false }))
  expect([await inCheckout.ended, await fromNpm.ended]).toEqual([
    [1, null],
    [1, null],
  ])
  const text = 'cms-relay needs Node 24.12 or newer, and this is 20.20.2:'
  expect(await inCheckout.output).toEqual(['', `${text} run \`npm ci\` in its folder, which brings one\n`])
  expect(await fromNpm.output).toEqual(['', `${text} install that, or run \`npx -p node@24 -p cms-relay cms-relay\`\n`])
})

test('a checkout without its packages says how to get them', async () => {
  const folder = createFolder()
  cpSync(bin, join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'src/cli.ts'), "await import('not-there')")
  const { ended, output } = start(join(folder, 'bin/cms-relay.js'))
  expect(await ended).toEqual([1, null])
  const [, errors] = await output
  expect(errors).toBe("cannot find package 'not-there': run `npm ci` in the folder of cms-relay\n")
})

test('another failure of the command, though it says the same, is shown as it is', async () => {
  const folder = createFolder()
  cpSync(bin, join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'src/cli.ts'), "throw new Error('Cannot find package of the mapper')")
  const { ended, output } = start(join(folder, 'bin/cms-relay.js'))
  expect(await ended).toEqual([1, null])
  const [, errors] = await output
  expect(errors).toMatch(/Error: Cannot find package of the mapper\n +at .*cli\.ts/)
})

test('the version that is asked for is that of package.json', () => {
  expect(packageJson.engines.node).toBe('>=24.12')
})
