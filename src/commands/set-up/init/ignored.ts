import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The text of the folder's `.gitignore` with `.env` in it; null if nothing has to be written: it is named already, or there is
 * neither a `.gitignore` nor a work tree of git.
 */
export function gitignoreWith(folder: string): string | null {
  const own = join(folder, '.gitignore')
  const root = workTreeOf(folder)
  if (root === null && !existsSync(own)) return null
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, '.gitignore')
    if (existsSync(file) && namesEnv(readFileSync(file, 'utf8'), at === folder)) return null
    if (root === null || at === root) break
  }
  const text = existsSync(own) ? readFileSync(own, 'utf8') : ''
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}.env\n`
}

/** The folder that holds `.git`, from here upwards. */
function workTreeOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return null
  }
}

const patterns = new Set(['.env', '**/.env', '*.env', '.env*'])

function namesEnv(text: string, isOwn: boolean): boolean {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.some((line) => patterns.has(line) || (isOwn && line === '/.env'))
}
