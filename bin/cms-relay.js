#!/usr/bin/env node
// In JavaScript: to read an entry in TypeScript, Node loads its compiler, before there is a cache that could spare it that.
import { enableCompileCache } from 'node:module'

// The first process of a container has no default for signals: until a command has taken them over, they would be lost.
const numbers = { SIGHUP: 1, SIGINT: 2, SIGUSR2: 12, SIGTERM: 15 }
for (const [name, number] of Object.entries(numbers)) {
  process.once(name, () => {
    if (process.pid === 1) process.exit(128 + number)
    process.kill(process.pid, name) // nobody listens any more: ends as by default
  })
}

enableCompileCache()
await import('../src/cli.ts')
