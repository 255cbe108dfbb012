#!/usr/bin/env node
// In JavaScript that old versions of Node can read, too: they are told what to do, or start the Node that npm ci has brought.
// To read an entry in TypeScript, Node would load its compiler before there is a cache that could spare it that.
import { existsSync } from 'node:fs'
import module from 'node:module'

const source = new URL('../src/cli.ts', import.meta.url)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 12)) {
  // The first process of a container has no default for signals: until a command has taken them over, they would be lost.
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGUSR2: 12, SIGTERM: 15 }
  for (const [name, number] of Object.entries(numbers)) {
    process.once(name, () => {
      if (process.pid === 1) process.exit(128 + number)
      process.kill(process.pid, name) // nobody listens any more: ends as by default
    })
  }
  module.enableCompileCache()
  // A checkout has the source, and runs nothing else. The package on npm has what was made of it.
  await import(existsSync(source) ? source.href : '../dist/src/cli.js').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^Cannot find package/.test(error.message)) throw error
    const [missing] = error.message.split(' imported from')
    process.stderr.write(`${missing[0].toLowerCase()}${missing.slice(1)}: run \`npm ci\` in the folder of cms-relay\n`)
    process.exitCode = 1
  })
} else {
  const { runWithNewerNode } = await import('./newer-node.js')
  runWithNewerNode(process.versions.node, existsSync(source))
}
