import { expect, test } from 'vitest'
import { describeUnknown } from '../../src/domain/unknown-name.ts'

test('a name that is not known is answered with the nearest, else with those that there are', () => {
  expect(describeUnknown('destination', 'mian', ['other', 'main'])).toBe("no destination 'mian': did you mean main?")
  expect(describeUnknown('destination', 'elsewhere', ['other', 'main'])).toBe(
    "no destination 'elsewhere' (there is other, main)",
  )
  expect(describeUnknown('source', 'shop', [])).toBe("no source 'shop': there is none")
})

test('neither a long name nor many known ones make a long text', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `source-number-${at}`)
  const text = describeUnknown('source', 'z'.repeat(10_000), many)
  expect(text.length).toBeLessThan(1_000)
  expect(text).toContain(', source-number-39, and 960 more)')
})
