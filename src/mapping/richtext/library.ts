import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** A package that is read when it is first asked for: only who uses its format pays for it. */
export function lazily<Library>(name: string): () => Library {
  let library: Library | undefined
  return () => {
    library ??= require(name) as Library
    return library
  }
}
