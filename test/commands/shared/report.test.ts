import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reportFailure, UsageError } from '../../../src/commands/shared/failure.ts'
import { print, printPart } from '../../../src/commands/shared/report.ts'
import { table } from '../../../src/commands/shared/table.ts'
import { RelayError } from '../../../src/domain/errors.ts'

/** What a terminal acts on, as seen by Unicode: controls, and formats but for the two that join letters. */
const obeyed = /(?!\n|\u200c|\u200d|\u00ad)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

function printed(value: unknown, how: { json: boolean; text?: () => string | readonly string[] }): string {
  const { write } = process.stdout
  let out = ''
  process.stdout.write = ((text: string) => {
    out += text
    return true
  }) as typeof write
  try {
    print(value, { text: () => '', ...how })
  } finally {
    process.stdout.write = write
  }
  return out
}

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;title\u0007',
      '\u009b31m',
      '\r',
      '\n',
      '\t',
      '\u202e',
      '\u2066',
      '\u2028',
      '\u0000',
    ),
    fc.constantFrom('\u{e0041}', '\ufeff', '\u200b', '\ud800', 'é', '漢', '🙂', 'a', '"', '\\'),
  ),
})

describe('a command prints nothing that a terminal obeys', () => {
  test('in a table, where a row stays one line', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hostile, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        const out = printed(null, { json: false, text: () => table(rows) })
        expect(out).not.toMatch(obeyed)
        expect(out.split('\n')).toHaveLength(rows.length + 1)
      }),
    )
  })

  test('in lines, each of which stays one', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1 }), (lines) => {
        const out = printed(null, { json: false, text: () => lines })
        expect(out).not.toMatch(obeyed)
        expect(out.split('\n')).toHaveLength(lines.length + 1)
      }),
    )
  })

  test('in JSON, which means the same', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile), (value) => {
        const out = printed(value, { json: true })
        expect(out).not.toMatch(obeyed)
        expect(JSON.parse(out)).toEqual(value)
      }),
    )
  })

  test('in failures, expected or not', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const issues = [{ path: text, message: text }]
        for (const error of [
          new UsageError(text),
          new RelayError('invalid', text, { details: { issues } }),
          Object.assign(new Error(text), { syscall: 'open' }),
          new TypeError(text),
        ]) {
          for (const json of [false, true]) {
            let out = ''
            const write = (part: string) => {
              out += part
            }
            reportFailure(error, { json, write })
            expect(out).not.toMatch(obeyed)
          }
        }
      }),
    )
  })
})

test('no command writes to standard output but through report.ts', () => {
  const folder = join(import.meta.dirname, '../../../src/commands')
  const wrong = globSync('**/*.ts', { cwd: folder })
    .filter((file) => file !== 'shared/report.ts')
    .filter((file) => /process\.stdout\.write|console\./.test(readFileSync(join(folder, file), 'utf8')))
  expect(wrong).toEqual([])
})

test('what takes no room, and marks that pile up on one letter, are shown as escapes', () => {
  const marks = '\u0301'.repeat(10_000)
  expect(table([['a\u3164b', 'c\u034f', `d${marks}`]], { width: 60 })).toMatch(
    /^a\\u3164b {2}c\\u034f {2}d\u0301{8}\\u0301.*…$/,
  )
})

test('a long list waits for whoever reads it to take a part, and no longer', async () => {
  const { write } = process.stdout
  let isFull = true
  process.stdout.write = (() => !isFull) as typeof write
  try {
    let isDone = false
    const part = printPart({ lines: ['a'] }).then(() => {
      isDone = true
    })
    await new Promise(setImmediate)
    expect(isDone).toBe(false)
    process.stdout.emit('drain')
    await part
    isFull = false
    await printPart({ json: '{}' })
  } finally {
    process.stdout.write = write
  }
})
