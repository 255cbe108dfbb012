import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseOptions } from './database.ts'
import { type Engine, openEngine } from './engine.ts'
import { wireErrorOf } from './errors.ts'
import type { Answer, Call } from './link.ts'

// A report of a crash has a part for each thread, and neither has business with the secrets in the environment.
process.report.excludeEnv = true

// The thread that owns a connection: calls come in one by one, so SQLite's waiting for the disk holds up nobody else.

const { path, options } = workerData as { readonly path: string; readonly options: DatabaseOptions }
const port = parentPort!

let engine: Engine
try {
  engine = openEngine(path, options)
  port.postMessage({ id: 0, result: null } satisfies Answer)
  port.on('message', answer)
} catch (error) {
  port.postMessage({ id: 0, error: wireErrorOf(error) } satisfies Answer)
}

function answer({ id, method, args }: Call): void {
  try {
    const result = run(method, args)
    port.postMessage({ id, result } satisfies Answer)
    if (method === 'close' && result === true) port.close()
  } catch (error) {
    port.postMessage({ id, error: wireErrorOf(error) } satisfies Answer)
    if (method === 'close') port.close()
  }
}

function run(method: keyof Engine, args: readonly unknown[]): unknown {
  return (engine[method] as (...args: readonly unknown[]) => unknown)(...args)
}
