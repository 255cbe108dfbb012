// In JavaScript that old versions of Node can read, as cms-relay.js.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'

/** Runs the same command with the Node that npm has installed beside this file; without one, says how to get it. */
export function runWithNewerNode(current, isCheckout) {
  const node = findNode()
  if (node === null) {
    const cure = isCheckout
      ? 'run `npm ci` in its folder, which brings one'
      : 'install that, or run `npx -p node@24 -p cms-relay cms-relay`'
    process.stderr.write(`cms-relay needs Node 24.12 or newer, and this is ${current}: ${cure}\n`)
    process.exitCode = 1
    return
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' })
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) {
    process.on(name, () => {
      // A terminal gives Ctrl-C to both processes, and a second one would end the relay at once.
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`cannot run ${node}: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    if (process.pid === 1) process.exit(128 + constants.signals[signal])
    process.kill(process.pid, signal)
  })
}

/** The `node` of npm, in the nearest folder of packages that has one. */
function findNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const { version } = createRequire(import.meta.url)(manifest)
    const file = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    const [major, minor] = version.split('.').map(Number)
    return (major > 24 || (major === 24 && minor >= 12)) && existsSync(file) ? file : null
  } catch {
    return null
  }
}
