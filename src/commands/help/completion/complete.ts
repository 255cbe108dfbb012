import type { Argument, Command, Option } from 'commander'

/** A word that may come next, and what it means. */
export interface Candidate {
  readonly word: string
  readonly does: string
}

/** What the shell can do better: complete names of files. */
export const files = 'files'

/** What has names: asked for only if they are wanted, since that reads the configuration. */
export type Named = 'source' | 'destination' | 'mapper' | 'type'
export type NamesOf = (what: Named) => readonly string[]

/** What can stand in the place of the last word: nothing is done, and nothing need be right of what stands before it. */
export function complete(
  root: Command,
  words: readonly string[],
  namesOf: NamesOf,
): readonly Candidate[] | typeof files {
  const last = words.at(-1) ?? ''
  const place = placeAfter(root, words.slice(0, -1))
  const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(last) ?? []
  if (flag !== undefined && value !== undefined && place.option === null) {
    const option = place.command.options.find(({ long }) => long === flag)
    const values = option ? valuesOf(optionKind(option), option.argChoices, namesOf) : []
    if (values === files) return files
    return beginning(
      values.map(({ word, does }) => ({ word: `${flag}=${word}`, does })),
      last,
    )
  }
  const candidates = candidatesAt(place, last, namesOf)
  return candidates === files ? files : beginning(candidates, last)
}

interface Place {
  readonly command: Command
  /** Whose value comes next. */
  readonly option: Option | null
  /** How many arguments there are before. */
  readonly args: number
  /** Long names of those that were given. */
  readonly given: ReadonlySet<string | undefined>
  /** Behind `--` nothing is an option. */
  readonly isEnded: boolean
}

function placeAfter(root: Command, words: readonly string[]): Place {
  let place: Place = { command: root, option: null, args: 0, given: new Set(), isEnded: false }
  for (const word of words) place = next(place, word)
  return place
}

function next(place: Place, word: string): Place {
  const { command, option, args, given, isEnded } = place
  if (option !== null && !(option.variadic && word.startsWith('-')))
    return { ...place, option: option.variadic ? option : null }
  if (!isEnded && word === '--') return { ...place, option: null, isEnded: true }
  if (!isEnded && word.startsWith('-')) {
    const [flag] = word.split('=', 1)
    const found = command.options.find(({ long, short }) => flag === long || flag === short)
    const takes = found?.required && !word.includes('=')
    return { ...place, option: takes ? found : null, given: new Set([...given, found?.long]) }
  }
  const child = isEnded ? undefined : command.commands.find((one) => one.name() === word)
  if (child) return { command: child, option: null, args: 0, given: new Set(), isEnded }
  return { ...place, option: null, args: args + 1 }
}

function candidatesAt({ command, option, args, given, isEnded }: Place, last: string, namesOf: NamesOf) {
  const isOption = last.startsWith('-') && !isEnded
  if (option !== null && !(option.variadic && isOption)) return valuesOf(optionKind(option), option.argChoices, namesOf)
  if (isOption) return [...optionsOf(command, given), { word: '--help', does: 'how it is called' }]
  if (command.commands.length > 0 && args === 0) return commandsOf(command)
  const argument = command.registeredArguments[args]
  return argument ? valuesOf(argumentKind(argument), argument.argChoices, namesOf) : []
}

function commandsOf(command: Command): readonly Candidate[] {
  const help = command.createHelp()
  return help.visibleCommands(command).map((one) => ({ word: one.name(), does: help.subcommandDescription(one) }))
}

function optionsOf({ options }: Command, given: ReadonlySet<string | undefined>): readonly Candidate[] {
  return options
    .filter((option) => !given.has(option.long) || isRepeatable(option))
    .map(({ long, description }) => ({ word: long!, does: description }))
}

function isRepeatable({ variadic, defaultValue }: Option): boolean {
  return variadic || Array.isArray(defaultValue)
}

type Kind = Named | typeof files | null

/** By the name of the option, or of its value. */
function optionKind({ long, flags }: Option): Kind {
  if (long === '--from' || long === '--to' || long === '--destination') return 'destination'
  if (long === '--source' && flags.includes('<name>')) return 'source'
  if (long === '--mapper') return 'mapper'
  if (long === '--type') return 'type'
  return /<(file|folder)>/.test(flags) ? files : null
}

function argumentKind(argument: Argument): Kind {
  const name = argument.name()
  if (name === 'destination' || name === 'mapper' || name === 'type') return name
  return name === 'file' || name === 'folder' ? files : null
}

function valuesOf(
  kind: Kind,
  choices: readonly string[] | undefined,
  namesOf: NamesOf,
): readonly Candidate[] | typeof files {
  if (choices) return choices.map((word) => ({ word, does: '' }))
  if (kind === null || kind === files) return kind ?? []
  return namesOf(kind).map((word) => ({ word, does: kind }))
}

function beginning(candidates: readonly Candidate[], last: string): readonly Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(last))
}
