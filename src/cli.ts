#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// A report of a crash has no business with the secrets in the environment.
process.report.excludeEnv = true

// Most of a command's time is the reading of code; a cache in the system's temporary folder halves it.
enableCompileCache()
const { createProgram } = await import('./commands/program.ts')
const { reportFailure } = await import('./commands/report.ts')

// The reader of the output may have seen enough (`| head`): that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

// 0 done, 1 failed, 2 wrong use.
try {
  await createProgram(process.env).parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, (text) => process.stderr.write(text))
}
