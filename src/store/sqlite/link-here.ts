import type { DatabaseOptions } from './database.ts'
import { openEngine } from './engine.ts'
import type { Link } from './link.ts'

/** The engine in this thread: for commands, and for tests. */
export function linkHere(path: string, options: DatabaseOptions): Link {
  const engine = openEngine(path, options)
  return {
    async call(method, ...args) {
      return (engine[method] as (...args: unknown[]) => never)(...args)
    },
  }
}
