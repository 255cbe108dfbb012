import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { mistakesText } from '../../../src/commands/shared/mistakes.ts'
import type { Issue } from '../../../src/mistakes/issue.ts'
import { parseYaml } from '../../../src/mistakes/yaml-file.ts'

const streamOf = (isTTY: boolean) => Object.assign(new Writable(), { isTTY }) as unknown as NodeJS.WriteStream
const styles = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
const shown = (issues: readonly Issue[], isTTY: boolean) => mistakesText(issues, streamOf(isTTY)).replace(styles, '')

function issueOf(text: string): Issue {
  const read = parseYaml(text, 'relay.yaml')
  if (read.ok) throw new Error('it was taken')
  return { ...read.issue, path: 'destinations.main' }
}

const issue = issueOf('destinations:\n  main: { token: ${X}, website_id: a }\n')

test('at a terminal a mistake is shown in its line, with the place above and the cure below', () => {
  expect(shown([issue], true)).toBe(`relay.yaml:2:18  destinations.main
    main: { token: $\{X}, website_id: a }
                   ^^^^
  put "$\{X}" in quotes within { } and [ ]: YAML takes its braces for a map
`)
})

test('a long line is cut around its mark, and a long message wraps between words', () => {
  const narrow = Object.assign(streamOf(true), { columns: 60 })
  const long = issueOf(`a: { first: ${'x'.repeat(60)}, second: $\{X}, third: ${'y'.repeat(60)} }\n`)
  const lines = mistakesText([long], narrow).replace(styles, '').trimEnd().split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
  const [, text = '', mark = ''] = lines
  expect(text.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('${X}')
  expect(lines.slice(3).join(' ').replace(/\s+/g, ' ').trim()).toBe(long.message)
})

test('elsewhere it is one line, which editors and CI read', () => {
  expect(shown([issue], false)).toBe(
    'relay.yaml:2:18: destinations.main: put "${X}" in quotes within { } and [ ]: YAML takes its braces for a map\n',
  )
  expect(shown([{ path: 'server.port', message: 'is taken' }], false)).toBe('  server.port: is taken\n')
})

test('several have an empty line between them at a terminal, and none elsewhere', () => {
  expect(shown([issue, issue], true)).toBe(`${shown([issue], true)}\n${shown([issue], true)}`)
  expect(shown([issue, issue], false)).toBe(shown([issue], false).repeat(2))
})

test('of very many the first are shown, and how many more there are', () => {
  const many = Array.from({ length: 300 }, (_, at) => ({ ...issue, line: at + 1 }))
  expect(shown(many, true).match(/\^\^\^\^/g)).toHaveLength(25)
  expect(shown(many, true)).toMatch(/\n… and 275 more\n$/)
  expect(shown(many, false).trimEnd().split('\n')).toHaveLength(201)
  expect(shown(many, false)).toMatch(/\n… and 100 more\n$/)
})

test('what a file holds reaches the terminal as text', () => {
  const esc = String.fromCharCode(27)
  const odd = issueOf(`a: @${esc}[2J\n`)
  expect(mistakesText([odd], streamOf(true)).replace(styles, '')).not.toContain(esc)
  expect(mistakesText([{ path: `a${esc}]0;x`, message: 'm' }], streamOf(false))).not.toContain(esc)
})

test.each([
  [{ file: 'a.yaml', line: 2, column: 3, path: 'x' }, 'a.yaml:2:3  x\n  m\n'],
  [{ file: 'a.yaml', line: 2, path: '' }, 'a.yaml:2:1\n  m\n'],
  [{ file: 'a.yaml', path: 'x' }, 'a.yaml  x\n  m\n'],
  [{ path: 'x' }, 'x\n  m\n'],
  [{ path: '' }, '  m\n'],
])('at a terminal the head of a mistake is what is known of its place: %o', (place, text) => {
  expect(shown([{ ...place, message: 'm' }], true)).toBe(text)
})
