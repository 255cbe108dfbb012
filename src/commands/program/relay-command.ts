import { type Argument, Command, Help, type Option } from 'commander'
import { nearestName } from '../../domain/nearest-name.ts'
import { UsageError } from '../shared/failure.ts'

/** A command line to copy, and what it does. */
export interface Example {
  readonly does: string
  readonly line: string
}

/** A command that is given several options at once, and shows examples in its help. */
export class RelayCommand extends Command {
  readonly #examples: Example[] = []

  override createCommand(name?: string): RelayCommand {
    return new RelayCommand(name)
  }

  override createHelp(): Help {
    return Object.assign(new RelayHelp(), this.configureHelp())
  }

  /** Wrong use is told as every other failure is. */
  override error(message: string): never {
    throw new UsageError(plainMistake(message), { command: pathOf(this) })
  }

  with(...options: readonly Option[]): this {
    for (const option of options) this.addOption(option)
    return this
  }

  /** Shows examples below the help: pairs of what a line does, and the line. */
  example(...examples: readonly (readonly [does: string, line: string])[]): this {
    if (this.#examples.length === 0) this.addHelpText('after', () => textOf(this.#examples))
    this.#examples.push(...examples.map(([does, line]) => ({ does, line })))
    return this
  }

  get examples(): readonly Example[] {
    return this.#examples
  }
}

/** Commander's words as one line, with the nearest name, which it has on a line of its own or not at all. */
function plainMistake(message: string): string {
  const plain = message
    .replace(/^error: (command-argument value )?/, '')
    .replace(/\n\(Did you mean (?:one of )?(.*)\?\)$/, ': did you mean $1?')
    .replace(/ is invalid( for argument '.*')?\. /, ' is invalid$1: ')
  const [, given = '', choices] = /'([^']*)' is invalid.*: Allowed choices are (.*)\.$/s.exec(plain) ?? []
  const nearest = choices === undefined ? null : nearestName(given, choices.split(', '))
  return nearest === null ? plain : plain.replace(/: Allowed choices are .*$/s, `: did you mean ${nearest}?`)
}

/** What is typed to call a command, such as `cms-relay purge items`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

function textOf(examples: readonly Example[]): string {
  const lines = examples.map(({ does, line }) => `  # ${does}\n  ${line}`)
  return `\nExamples:\n${lines.join('\n\n')}`
}

/** Longer lists are for the documentation, and for the shell to complete. */
const choicesShown = 8

/** Help without noise: nothing is said of a default that anybody expects (a flag is off, a list is empty). */
class RelayHelp extends Help {
  override optionDescription({ description, argChoices, defaultValue }: Option): string {
    return described(description, argChoices, defaultValue)
  }

  override argumentDescription({ description, argChoices, defaultValue }: Argument): string {
    return described(description, argChoices, defaultValue)
  }

  override subcommandTerm(command: Command): string {
    return super.subcommandTerm(command).replace(' [options]', '')
  }
}

function described(description: string, choices: readonly string[] | undefined, preset: unknown): string {
  const facts = [
    ...(choices && choices.length <= choicesShown ? [choices.join(', ')] : []),
    ...(isExpected(preset) ? [] : [`default ${String(preset)}`]),
  ]
  return facts.length > 0 ? `${description} (${facts.join('; ')})` : description
}

function isExpected(preset: unknown): boolean {
  return preset === undefined || typeof preset === 'boolean' || (Array.isArray(preset) && preset.length === 0)
}
