import type { Argument, Command, Help, Option } from 'commander'
import { pathOf, RelayCommand } from '../src/commands/program/relay-command.ts'
import { createProgram } from '../src/commands/program.ts'

/** Every command with its options and examples, by groups, from the tree that the command line itself reads. */
export function commandsReference(): string {
  const program = createProgram({})
  const help = program.createHelp()
  const groups = Map.groupBy(help.visibleCommands(program).filter(isOurs), (command) =>
    command.helpGroup().replace(/:$/, ''),
  )
  return [...groups]
    .map(([group, commands]) => [`## ${group}`, ...commands.map((one) => sectionOf(one, help))].join('\n\n'))
    .join('\n\n')
}

/** `help` is the library's own: it has no examples, and the page says above what it does. */
function isOurs(command: Command): command is RelayCommand {
  return command instanceof RelayCommand && command.name() !== 'help'
}

function sectionOf(command: RelayCommand, help: Help): string {
  const name = pathOf(command).replace(/^cms-relay /, '')
  const depth = '#'.repeat(name.split(' ').length + 2)
  const children = command.commands.map((child) => sectionOf(child as RelayCommand, help))
  const rows = [
    ...command.registeredArguments.map((argument) => [termOf(argument), help.argumentDescription(argument)]),
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map((option: Option) => [option.flags, help.optionDescription(option)]),
  ]
  const examples = command.examples.map(({ does, line }) => `# ${does}\n${line}`).join('\n\n')
  return [
    `${depth} ${name}`,
    command.description(),
    ...(children.length > 0 ? [] : [`\`${usageOf(command, help)}\``]),
    ...(rows.length > 0 ? [tableOf(rows)] : []),
    `\`\`\`sh\n${examples}\n\`\`\``,
    ...children,
  ].join('\n\n')
}

function usageOf(command: Command, help: Help): string {
  return help.commandUsage(command)
}

function termOf(argument: Argument): string {
  return argument.name() + (argument.variadic ? ' …' : '')
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const lines = rows.map(
    ([term = '', meaning = '']) =>
      `| \`${term}\` | ${meaning.replaceAll('|', '\\|').replaceAll(/<(\w+)>/g, '`<$1>`')} |`,
  )
  return ['| Option | Meaning |', '| --- | --- |', ...lines].join('\n')
}
