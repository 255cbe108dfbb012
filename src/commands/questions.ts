import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { RelayError } from '../domain/errors.ts'

export interface Choice {
  readonly name: string
  readonly title: string
}

export type Answer<T> = { readonly value: T } | { readonly mistake: string }

/** Questions to a person at a terminal. A bad answer is asked for again. */
export interface Ask {
  choice(question: string, choices: readonly Choice[]): Promise<string>
  text<T>(question: string, read: (text: string) => Answer<T>): Promise<T>
}

export interface Terminal {
  readonly input: Readable
  readonly output: Writable
}

/**
 * Asks as long as `work` runs; the terminal is free again whatever happens. Throws RelayError if the input ends before
 * the answer.
 */
export async function withQuestions<T>(
  work: (ask: Ask) => Promise<T>,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<T> {
  const terminal = createInterface({ input, output })
  const lines = terminal[Symbol.asyncIterator]() // keeps lines that come before they are asked for

  async function text<A>(question: string, read: (text: string) => Answer<A>): Promise<A> {
    for (;;) {
      terminal.setPrompt(`${question}: `)
      terminal.prompt()
      const { value: line, done } = await lines.next()
      if (done) throw new RelayError('invalid', 'stopped before all was answered: nothing is written')
      const answer = read(line)
      if ('value' in answer) return answer.value
      output.write(`${answer.mistake}\n`)
    }
  }

  function choice(question: string, choices: readonly Choice[]): Promise<string> {
    const width = String(choices.length).length
    const list = choices.map(({ name, title }, at) => `  ${String(at + 1).padStart(width)}  ${title} (${name})`)
    output.write(`${question}\n${list.join('\n')}\n`)
    return text('Number or name', (given) => {
      const wanted = given.trim().toLowerCase()
      const found =
        choices[Number(wanted) - 1] ??
        choices.find(({ name, title }) => name === wanted || title.toLowerCase() === wanted)
      return found ? { value: found.name } : { mistake: 'There is no such choice.' }
    })
  }

  try {
    return await work({ choice, text })
  } finally {
    terminal.close()
  }
}
