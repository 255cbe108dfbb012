import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { addToMap } from '../../../src/commands/set-up/init/add-to-map.ts'

const block = 'sources:\n  new: # a comment\n    mapper: ghost\n    # vars:\n      # origin: x\n'

describe('a source that is added', () => {
  test.each<[string, string, string]>([
    [
      'comes after the last one',
      'sources:\n  a:\n    mapper: b\nlog: { level: info }\n',
      'sources:\n  a:\n    mapper: b\n\n<new>log: { level: info }\n',
    ],
    [
      'leaves comments with what they belong to',
      'sources:\n  a:\n    mapper: b # why\n    # vars: none\n\n# of the log\nlog: {}\n',
      'sources:\n  a:\n    mapper: b # why\n    # vars: none\n\n<new>\n# of the log\nlog: {}\n',
    ],
    ['is indented as the others are', 'sources:\n    a: { mapper: b }\n', 'sources:\n    a: { mapper: b }\n\n<new>'],
    [
      'comes after a list',
      'sources:\n  a:\n    secret:\n      - x\n      - y\n',
      'sources:\n  a:\n    secret:\n      - x\n      - y\n\n<new>',
    ],
    [
      'comes after a text of several lines',
      'sources:\n  a:\n    note: |\n      one\n\n      two\n\n\nlog: {}\n',
      'sources:\n  a:\n    note: |\n      one\n\n      two\n\n<new>\n\nlog: {}\n',
    ],
    ['ends a file without a line break', 'sources:\n  a: { mapper: b }', 'sources:\n  a: { mapper: b }\n\n<new>'],
    ['is the first of an empty map', 'sources: {} # none\nlog: {}\n', 'sources: # none\n<new>log: {}\n'],
    ['is the first of nothing', 'sources:\nlog: {}\n', 'sources:\n<new>log: {}\n'],
    ['brings the map', '# mine\nlog: {}\n', '# mine\nlog: {}\n\nsources:\n<new>'],
    ['makes a file of an empty one', '', 'sources:\n<new>'],
  ])('%s', (_name, before, expected) => {
    const after = addToMap(before, 'sources', block)
    const indent = /^( +)a:/m.exec(before)?.[1] ?? '  '
    const body = block.slice('sources:\n'.length).replaceAll(/^ {2}/gm, indent)
    expect(after).toBe(expected.replace('<new>', body))
    expect(parse(after).sources.new).toEqual({ mapper: 'ghost' })
  })

  test('keeps the line breaks of Windows', () => {
    const after = addToMap('sources:\r\n  a: { mapper: b }\r\n', 'sources', block)
    expect(after.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test.each([
    ['a map in braces', 'sources: { a: { mapper: b } }\n'],
    ['an alias', 'x: &x { a: { mapper: b } }\nsources: *x\n'],
    ['a list', 'sources: [a]\n'],
    ['no YAML', 'sources: [\n'],
    ['a name that is there', 'sources:\n  new: { mapper: b }\n'],
  ])('is refused by %s', (_name, text) => {
    expect(() => addToMap(text, 'sources', block)).toThrow('do it by hand')
  })
})
