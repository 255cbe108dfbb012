import { PassThrough, Writable } from 'node:stream'
import type { Terminal } from '../../../src/commands/set-up/init/questions.ts'

export interface Person {
  readonly terminal: Terminal
  /** All that the terminal has shown. */
  readonly shown: () => string
}

/** Somebody at a terminal who gives one line to each question, and then hangs up. */
export function personWith(lines: readonly string[]): Person {
  const input = new PassThrough()
  const rest = [...lines]
  let shown = ''
  const output = new Writable({
    write(chunk, _encoding, done) {
      shown += String(chunk)
      if (String(chunk).endsWith(': ')) {
        const line = rest.shift()
        if (line === undefined) input.end()
        else input.write(`${line}\n`)
      }
      done()
    },
  })
  return { terminal: { input, output }, shown: () => shown }
}
