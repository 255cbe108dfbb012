import { describe, expect, test } from 'vitest'
import { pathOf, type RelayCommand } from '../../../src/commands/program/relay-command.ts'
import { createProgram } from '../../../src/commands/program.ts'
import { runHere } from '../run-here.ts'

/** Every command of the tree, the root and groups such as `purge` included. */
function all(command: RelayCommand): readonly RelayCommand[] {
  return [command, ...command.commands.flatMap((child) => all(child as RelayCommand))]
}

/** The words of a line as a shell would read them, up to a pipe or a redirection. */
function wordsOf(line: string): readonly string[] {
  const words = [...line.replace(/^source <\((.*)\)$/, '$1').matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  )
  const end = words.findIndex((word) => /^(\||<|>|&&)$/.test(word))
  return end < 0 ? words : words.slice(0, end)
}

const commands = all(createProgram({}))

describe.each(commands.map((command) => [pathOf(command), command] as const))('%s', (path, command) => {
  test('has examples, and each is a line that is understood', async () => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const { line, does } of command.examples) {
      expect(does).toMatch(/^[^A-Z].*[^.]$/)
      const [name, ...args] = wordsOf(line)
      expect(name).toBe('cms-relay')
      expect(await calledBy(args), line).toContain(command.parent ? path : 'cms-relay')
    }
  })

  test('tells in its help what it does, without noise, in lines that fit a terminal', () => {
    const help = helpOf(command)
    expect(command.description()).not.toBe('')
    expect(help).not.toMatch(/default:? ?(undefined|true|false|\[\]|\))|choices:/)
    const prose = help.slice(0, help.indexOf('\nExamples:'))
    expect(prose.split('\n').filter((line) => line.length > 80)).toEqual([])
    for (const option of command.options) expect(option.description).not.toBe('')
  })
})

/** The path of the command that a line calls; nothing of it is done. */
async function calledBy(args: readonly string[]): Promise<string | undefined> {
  let called: string | undefined
  const program = createProgram({})
  for (const command of all(program)) {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
    if (command.commands.length === 0) {
      command.action(() => {
        called = pathOf(command)
      })
    }
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if ((error as { code?: string }).code !== 'commander.helpDisplayed') throw error
    called = `cms-relay ${args[0]}`
  }
  return called
}

function helpOf(command: RelayCommand): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
    getOutHelpWidth: () => 80,
  })
  command.outputHelp()
  return text
}

test('the commands are listed in groups', async () => {
  const { stdout } = await runHere(['--help'])
  const groups = [...stdout.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, group]) => group)
  expect(groups).toEqual(['Options', 'Run', 'Set up', 'Look', 'Change', 'Try', 'Help', 'Examples'])
})
