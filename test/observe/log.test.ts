import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLiveMask, createLog, createMask } from '../../src/observe/log.ts'

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

test('a line begins with what has happened, and is the same JSON as ever', () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', secrets: [], stream: { write: (line) => void lines.push(line) } })
  log.info({ note: ',"msg":"x"', nested: { a: 1, msg: 'y' } }, 'said, "msg":')
  log.info({ nested: { a: 1, msg: 'y' } })
  expect(lines[0]).toMatch(/^\{"msg":"said, \\"msg\\":","level":"info","time":"/)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'said, "msg":', note: ',"msg":"x"', nested: { a: 1, msg: 'y' } },
    { level: 'info', nested: { a: 1, msg: 'y' } },
  ])
})

describe('a secret is masked', () => {
  const secret = 'pa"ss/wörd +\\ of 2026'
  const mask = createMask([secret])
  const forms = {
    'as it is': secret,
    'in JSON': JSON.stringify({ key: secret }).slice(8, -2),
    'in a URL': encodeURIComponent(secret),
  }

  for (const [name, form] of Object.entries(forms)) {
    test(name, () => expect(mask(`before ${form} after`)).toBe('before [secret] after'))
  }

  test('in base64, wherever it stands in what is encoded by threes', () => {
    // As in basic auth: a user of three letters, less the colon, stands before it.
    const encoded = Buffer.from(`ab:${secret}`).toString('base64')
    const masked = mask(`Basic ${encoded}`)
    expect(masked).toMatch(/^Basic YWI6\[secret\].{0,4}$/)
    expect(mask(Buffer.from(secret).toString('base64'))).toMatch(/^\[secret\].{0,4}$/)
  })

  test('in each field of a line of the log, whatever its name, and fields with telling names always are', () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', secrets: [secret], stream: { write: (line) => void lines.push(line) } })
    log.info({ note: `key=${encodeURIComponent(secret)}`, headers: { authorization: 'Bearer of somebody' } }, secret)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      note: 'key=[secret]',
      headers: { authorization: '[secret]' },
      msg: '[secret]',
    })
  })

  test('as a whole, if another begins like it', () => {
    expect(createMask(['secret', 'secret-and-more'])('it is secret-and-more')).toBe('it is [secret]')
  })

  test('also once a reload has put another in its place', () => {
    const live = createLiveMask(['the old one'])
    live.add(['the new one'])
    expect(live.mask('the old one, the new one')).toBe('[secret], [secret]')
  })

  test('but a text of three letters is none', () => expect(createMask(['abc'])('abc')).toBe('abc'))
})
