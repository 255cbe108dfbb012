import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { RelayError } from '../../../domain/errors.ts'
import { nearestName } from '../../../domain/nearest-name.ts'
import { escapeLines, escapeText } from '../../../domain/printable.ts'
import { hanging } from '../../shared/hanging.ts'

export interface Choice {
  readonly name: string
  readonly title: string
}

/** What a line says; `more`: the answer goes on in the next line. */
export type Answer<T> = { readonly value: T } | { readonly mistake: string } | { readonly more: true }

export interface QuestionOptions {
  /** Whether what is typed is not shown. */
  readonly isHidden?: boolean
}

/** Questions to a person at a terminal. A bad answer is asked for again. */
export interface Ask {
  choice(question: string, choices: readonly Choice[]): Promise<string>
  text<T>(question: string, read: (text: string) => Answer<T>, options?: QuestionOptions): Promise<T>
  /** Yes or no; Enter is yes. */
  confirm(question: string): Promise<boolean>
  say(text: string): void
}

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable & { readonly columns?: number }
}

/**
 * Asks as long as `work` runs; the terminal is free again whatever happens. Throws RelayError if the input ends before
 * the answer, as with Ctrl-C and Ctrl-D.
 */
export async function withQuestions<T>(
  work: (ask: Ask) => Promise<T>,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<T> {
  let isHidden = false
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) output.write(chunk)
      done()
    },
  })
  Object.defineProperty(shown, 'columns', { get: () => output.columns })
  const terminal = createInterface({ input, output: shown, terminal: input.isTTY === true, historySize: 0 })
  const lines = terminal[Symbol.asyncIterator]() // keeps lines that come before they are asked for
  terminal.on('SIGINT', () => terminal.close())

  async function nextLine(): Promise<string> {
    const { value: line, done } = await lines.next()
    if (isHidden || done) output.write('\n') // neither Enter nor Ctrl-C has been shown
    if (!done) return line
    throw new RelayError('invalid', 'stopped before all was answered: nothing is written')
  }

  async function text<A>(
    question: string,
    read: (text: string) => Answer<A>,
    options: QuestionOptions = {},
  ): Promise<A> {
    for (;;) {
      terminal.setPrompt(`${escapeLines(question)}: `)
      terminal.prompt()
      try {
        isHidden = options.isHidden === true
        let given = await nextLine()
        for (;;) {
          const answer = read(given)
          if ('value' in answer) return answer.value
          if ('mistake' in answer) {
            output.write(`${hanging('', escapeText(answer.mistake), output.columns).join('\n')}\n`)
            break
          }
          given += `\n${await nextLine()}`
        }
      } finally {
        isHidden = false
      }
    }
  }

  function choice(question: string, choices: readonly Choice[]): Promise<string> {
    output.write(`${escapeLines(`${question}\n${listOf(choices, output.columns ?? 80).join('\n')}`)}\n`)
    return text('Number or name', (given) => readChoice(given, choices))
  }

  function confirm(question: string): Promise<boolean> {
    return text(`${question} [Y/n]`, (given) => {
      const word = given.trim().toLowerCase()
      if (word === '' || word === 'y' || word === 'yes') return { value: true }
      return word === 'n' || word === 'no' ? { value: false } : { mistake: 'Please answer y or n.' }
    })
  }

  try {
    return await work({ choice, text, confirm, say: (words) => void output.write(`${escapeLines(words)}\n`) })
  } finally {
    terminal.close()
  }
}

/** As many columns as there is room for, read from top to bottom. */
function listOf(choices: readonly Choice[], columns: number): readonly string[] {
  const digits = String(choices.length).length
  const cells = choices.map(({ name, title }, at) => {
    const also = title.toLowerCase() === name ? '' : ` (${name})`
    return `  ${String(at + 1).padStart(digits)}  ${title}${also}`
  })
  const width = Math.max(...cells.map(({ length }) => length))
  const across = choices.length > 10 ? Math.max(1, Math.floor(columns / width)) : 1
  const down = Math.ceil(cells.length / across)
  return Array.from({ length: down }, (_, row) =>
    cells
      .filter((_cell, at) => at % down === row)
      .map((cell) => cell.padEnd(width))
      .join('')
      .trimEnd(),
  )
}

function readChoice(given: string, choices: readonly Choice[]): Answer<string> {
  const wanted = given.trim().toLowerCase()
  if (wanted === '') return { mistake: 'Type a number, or a name.' }
  const found =
    choices[Number(wanted) - 1] ?? choices.find(({ name, title }) => name === wanted || title.toLowerCase() === wanted)
  if (found) return { value: found.name }
  const nearest = nearestName(
    wanted,
    choices.flatMap(({ name, title }) => [name, title]),
  )
  const meant = choices.find(({ name, title }) => name === nearest || title === nearest)
  return { mistake: `There is no such choice.${meant ? ` Did you mean ${meant.name}?` : ''}` }
}
