import { parentPort } from 'node:worker_threads'
import { spareMemory } from '../../process/spare-memory.ts'
import { type Engine, openEngine } from './engine.ts'
import { wireErrorOf } from './errors.ts'
import type { Answer, Call, Opening } from './link.ts'

// A report of a crash has a part for each thread, and neither has business with the secrets in the environment.
process.report.excludeEnv = true

// The thread that owns a connection: calls come in one by one, so SQLite's waiting for the disk holds up nobody else.

const port = parentPort!
let engine: Engine
port.once('message', open)

function open({ path, options }: Opening): void {
  try {
    engine = openEngine(path, options)
    spareMemory()
    port.on('message', answer)
    port.postMessage({ id: 0, result: null } satisfies Answer)
  } catch (error) {
    port.postMessage({ id: 0, error: wireErrorOf(error) } satisfies Answer)
    port.close()
  }
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
