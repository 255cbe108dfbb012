#!/usr/bin/env node
import { createProgram } from './commands/program.ts'
import { reportFailure } from './commands/report.ts'

// 0 done, 1 failed, 2 wrong use.
try {
  await createProgram(process.env).parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, (text) => process.stderr.write(text))
}
