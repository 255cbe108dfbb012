#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// A report of a crash has no business with the secrets in the environment.
process.report.excludeEnv = true

// Most of a command's time is the reading of code; a cache in the system's temporary folder halves it.
enableCompileCache()
const { runCommandLine } = await import('./commands/run-command-line.ts')

// The reader of the output may have seen enough (`| head`): that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const code = await runCommandLine(process.argv.slice(2), process.env)
if (code !== 0) process.exitCode = code
