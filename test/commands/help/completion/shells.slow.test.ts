import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Shell, scripts } from '../../../../src/commands/help/completion/scripts.ts'
import { run } from '../../../e2e/process.ts'
import { createFolder } from '../../../folder.ts'

const cli = `${process.execPath} ${join(import.meta.dirname, '../../../../src/cli.ts')}`

/** How each shell, without a person, completes the line that `$1` and the following are; the last word is the one to complete. */
const drivers: Readonly<Record<Shell, string>> = {
  bash: `cms-relay() { ${cli} "$@"; }
source "$1"; shift
COMP_WORDS=(cms-relay "$@"); COMP_CWORD=$#
_cms_relay 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: `cms-relay() { ${cli} "$@" }
compdef() { : }; _files() { print files }
_describe() { for line in "\${(@P)2}"; do print -r -- "\${line%%:*}"; done }
source "$1"; shift
words=(cms-relay "$@"); CURRENT=$#words
_cms_relay`,
  fish: `function cms-relay; ${cli} $argv; end
source $argv[1]
complete -C (string join ' ' -- cms-relay $argv[2..-1] | string collect) | string split -f1 \\t`,
}

async function complete(shell: Shell, words: readonly string[]): Promise<readonly string[] | null> {
  const cwd = createFolder()
  writeFileSync(join(cwd, 'relay.yaml'), 'sources: { shop: {}, blog: {} }')
  writeFileSync(join(cwd, 'script'), scripts[shell])
  writeFileSync(join(cwd, 'driver'), drivers[shell])
  const bare = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell]
  try {
    const { stdout } = await run(shell, [...bare, join(cwd, 'driver'), join(cwd, 'script'), ...words], { cwd })
    return stdout.split('\n').filter(Boolean)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null // this machine has no such shell
    throw error
  }
}

describe.each(['bash', 'zsh', 'fish'] as const)('%s completes', (shell) => {
  test.each([
    [
      ['events', '--source', ''],
      ['blog', 'shop'],
    ],
    [['re'], ['redeliver', 'release', 'reload', 'remove', 'replay']],
    [['replay', '--status', 'f'], ['failed']],
  ])('%o', { timeout: 30_000 }, async (words, expected) => {
    const found = await complete(shell, words)
    if (found !== null) expect([...found].sort()).toEqual(expected)
    else expect(shell).not.toBe('bash')
  })
})
