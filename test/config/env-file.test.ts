import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { addToEnvFile, envValue, readEnvText } from '../../src/config/env-file.ts'
import fc, { character } from '../fast-check.ts'

/** One line as Docker Compose reads it: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/ */
function composeReads(line: string): string {
  const text = line.slice(line.indexOf('=') + 1)
  const [quote] = text
  if (quote === "'" || quote === '"') {
    let end = 1
    while (end < text.length && !(text[end] === quote && text[end - 1] !== '\\')) end++
    const inner = text.slice(1, end)
    if (text.slice(end + 1).trim() !== '') throw new Error(`more behind the quotes: ${line}`)
    return quote === "'" ? inner.replaceAll("\\'", "'") : interpolated(unescaped(inner))
  }
  return interpolated((text.split('#')[0] ?? '').trimEnd())
}

const unescaped = (text: string) =>
  text.replaceAll(/\\(.)/g, (_, char) => ({ n: '\n', r: '\r', t: '\t' })[char as 'n'] ?? char)
const interpolated = (text: string) => text.replaceAll(/\$\$|\$\{?\w*[^}]*\}?/g, (found) => (found === '$$' ? '$' : ''))

const printable = character.filter((char) => !/[\p{Cc}\u2028\u2029]/u.test(char))
const awkward = fc.constantFrom(...`'"\`$#\\ {}=nA1é€\n\t`)
const values = fc
  .array(fc.oneof({ weight: 3, arbitrary: awkward }, printable), { maxLength: 12 })
  .map((chars) => chars.join(''))

describe('a value in a .env', () => {
  test('is read alike by Node and by Docker Compose', () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = envValue(value)
        if (written === null) return
        const line = `X=${written}`
        expect(parseEnv(`A=1\n${line}\nB=2\n`)).toEqual({ A: '1', X: value, B: '2' })
        expect(composeReads(line)).toBe(value)
      }),
      { numRuns: 1_000 },
    )
  })

  test('is written unless it holds both kinds of quotes, or a control character', () => {
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!(value.includes("'") && /["$\\]/.test(value)) && !value.endsWith('\\'))
        expect(envValue(value)).not.toBe(null)
      }),
    )
  })

  test.each([
    ['plain-1_2.3', 'plain-1_2.3'],
    ['', ''],
    ['a b', "'a b'"],
    ['#1$2', "'#1$2'"],
    ["it's", `"it's"`],
    [`a'b"c`, `a'b"c`],
    [`'$"`, null],
    ['a\rb', null],
    ['a\u0007b', null],
  ])('%j is %j', (value, written) => {
    expect(envValue(value)).toBe(written)
  })
})

describe('a .env that is added to', () => {
  test('keeps its bytes and its values, and says which', () => {
    const text = '# mine\nTOKEN=old\nexport EMPTY=\nQUOTED=""'
    const { text: added, kept } = addToEnvFile(text, [
      { name: 'TOKEN', value: 'new' },
      { name: 'EMPTY', value: 'a b$&' },
      { name: 'QUOTED', value: 'q' },
      { name: 'MORE', value: 'm', meaning: 'what it is for' },
      { name: 'LATER', value: '' },
    ])
    expect(added).toBe("# mine\nTOKEN=old\nexport EMPTY='a b$&'\nQUOTED=q\n\n# what it is for\nMORE=m\n\nLATER=\n")
    expect(kept).toEqual(['TOKEN'])
    expect(addToEnvFile(added, [{ name: 'LATER', value: '' }]).text).toBe(added)
  })

  test('begins with a byte order mark: its first value is one as the others', () => {
    const text = '\ufeffTOKEN=old\nB=2\n'
    expect(readEnvText(text)).toEqual({ TOKEN: 'old', B: '2' })
    expect(addToEnvFile(text, [{ name: 'TOKEN', value: 'new' }])).toEqual({ text, kept: ['TOKEN'] })
  })

  test('that leaves a quote open is not added to', () => {
    expect(() => addToEnvFile('A="open\n', [{ name: 'B', value: "it's" }])).toThrow('leaves a quote open')
  })

  test('takes no value that its readers would not agree on', () => {
    expect(() => addToEnvFile('', [{ name: 'A', value: `'$"` }])).toThrow('${file:/path/of/it}')
  })
})
