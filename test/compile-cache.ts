import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the many processes of a run keep what they have compiled, for the ones after them. */
export const compileCache = join(tmpdir(), 'cms-relay-test-compile-cache')
