import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLog } from '../../src/observe/log.ts'

test('a line holds nothing that a terminal obeys, and means the same', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\u001b[2J', '\u009b31m', '\u007f', '\n', '\u202e', '\u2028', 'a', '"') }),
      (text) => {
        const lines: string[] = []
        createLog({ level: 'info', secrets: [], stream: { write: (line) => void lines.push(line) } }).info(
          { text },
          'said',
        )
        expect(lines).toHaveLength(1)
        expect(lines[0]).toMatch(/^[\x20-\x7e]*\n$/)
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ text })
      },
    ),
  )
})
