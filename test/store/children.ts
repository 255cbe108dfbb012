import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { compileCache } from '../compile-cache.ts'
import type { AtEnd } from '../folder.ts'

export interface Child {
  /** The next line of its output. */
  readonly line: () => Promise<string>
  /** As the kernel would: no handler runs. Resolves when it is gone. */
  readonly kill: () => Promise<void>
}

/** Starts one of the scripts of this folder in a process of its own. It is killed at the end. */
export function startChild(script: string, args: readonly string[], atEnd: AtEnd = onTestFinished): Child {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gone = once(child, 'exit')
  atEnd(() => void child.kill('SIGKILL'))
  return {
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new Error('the child has ended')
      return value
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
