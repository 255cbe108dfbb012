import { readFileSync } from 'node:fs'

/** One instruction of a Dockerfile: its word in upper case, and the rest. */
export interface Instruction {
  readonly word: string
  readonly text: string
}

/** A stage: its name (or number) and its instructions after FROM. */
export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly Instruction[]
}

/**
 * Reads a plain Dockerfile: comments, continued lines, FROM … AS …, build arguments with the default that they have. No
 * heredocs.
 */
export function readDockerfile(path: string): readonly Stage[] {
  const lines = readFileSync(path, 'utf8').replace(/\\\n/g, ' ').split('\n')
  const stages: (Stage & { instructions: Instruction[] })[] = []
  const args = new Map<string, string>()
  for (const line of lines) {
    const match = /^\s*([A-Z]+)\s+(.*?)\s*$/.exec(line.replace(/^\s*#.*/, ''))
    if (!match) continue
    const [, word = '', written = ''] = match
    const text = written.replace(/\$\{(\w+)\}/g, (whole, name) => args.get(name) ?? whole)
    if (word === 'ARG') {
      const [name = '', value = args.get(name)] = text.split('=')
      if (value !== undefined) args.set(name, value)
    } else if (word === 'FROM') {
      const [base = '', , name = String(stages.length)] = text.split(/\s+/)
      stages.push({ name, base, instructions: [] })
    } else {
      stages.at(-1)?.instructions.push({ word, text })
    }
  }
  return stages
}
