import { expect, test } from 'vitest'
import { messageOf, stackOf } from '../../src/domain/errors.ts'

const evil = new Error('x')
for (const name of ['message', 'name', 'stack', 'cause']) {
  Object.defineProperty(evil, name, {
    get() {
      throw new Error('not to be read')
    },
  })
}
const ofItself = new Error('round')
ofItself.cause = ofItself

test.each([
  ['an error with causes', new Error('a', { cause: new Error('b', { cause: 'c' }) }), 'a: b: c'],
  ['an error without a message', new RangeError(), 'RangeError'],
  ['text', 'text', 'text'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['an object without a prototype', Object.create(null), 'something that has no text'],
  ['what throws when it is looked at', evil, 'something that has no text'],
  ['an error that is its own cause', ofItself, Array(8).fill('round').join(': ')],
])('the message of %s that was thrown', (_, thrown, message) => {
  expect(messageOf(thrown)).toBe(message)
})

test('the stack of what was thrown', () => {
  expect(stackOf(new Error('here'))).toContain('errors.test.ts')
  expect([stackOf(evil), stackOf('text'), stackOf(Object.create(null))]).toEqual([undefined, undefined, undefined])
})
