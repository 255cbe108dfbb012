import { findConfigFile, readConfigFile } from '../../config/load.ts'
import type { Environment } from '../../config/substitute.ts'

/** The user's own folder. A configuration with mistakes elsewhere, or variables that are not set, still names it. */
export function ownMappersDir(flag: string | undefined, env: Environment): string | undefined {
  return readConfigFile(findConfigFile(flag, env), env).part.mappers_dir
}
