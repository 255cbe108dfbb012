import { statSync } from 'node:fs'
import type { DatabaseOptions } from './database.ts'
import { type Link, linkThread } from './link.ts'

/** Up to this size the longest walk through a database takes some 20 ms: to read it beside the writer would buy nothing. */
const smallBytes = 16 * 1024 * 1024

/**
 * Long lists are read over a connection of their own: they keep no webhook waiting. It is in a thread of its own, which costs
 * 16 MB and a tenth of a start, so a small database is read by its writer.
 */
export function createReader(path: string, options: DatabaseOptions, writer: Link, large = smallBytes): Link {
  let opening: Promise<Link> | null = null

  function open(): Promise<Link> {
    opening ??= linkThread(path, { ...options, readOnly: true }).catch((error) => {
      opening = null // the next one may try again
      throw error
    })
    return opening
  }

  if (isLarge(path, large)) open().catch(() => {}) // it gets ready beside all else that a start does
  return {
    async call(method, ...args) {
      if (method === 'close') return (await (await opening?.catch(() => null))?.call(method, ...args)) as never
      const link = opening || isLarge(path, large) ? await open() : writer
      return link.call(method, ...args)
    },
  }
}

/** A file that is gone has no size: the writer finds out what that means. */
function isLarge(path: string, large: number): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= large
}
