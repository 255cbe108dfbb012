import { expect, test } from 'vitest'
import type { Line } from '../../../src/observe/terminal/line.ts'
import { createRepeats } from '../../../src/observe/terminal/repeats.ts'
import { signalLine } from '../../../src/observe/terminal/signal-line.ts'
import { createAround, mapped, refused } from './support.ts'

function createStorm() {
  const shown: Line[] = []
  const waiting: (() => void)[] = []
  const { tell, end } = createRepeats({
    show: (line) => void shown.push(line),
    later: (_ms, callback) => void waiting.push(callback),
  })
  function pass(): void {
    for (const callback of waiting.splice(0)) callback()
  }
  return { shown, tell, end, pass }
}

const wrong = signalLine(refused(), createAround())

test('of five hundred that are alike the first five are shown, and then how many there were', () => {
  const { shown, tell, pass } = createStorm()
  for (let count = 0; count < 500; count++) tell(wrong)
  expect(shown).toHaveLength(5)
  pass()
  expect(shown.slice(5)).toMatchObject([{ subject: 'shop', outcome: '495 more: 401 wrong signature' }])
  tell(wrong)
  expect(shown).toHaveLength(7)
})

test('the first says why, and what to do', () => {
  const { shown, tell } = createStorm()
  for (let count = 0; count < 3; count++) tell(wrong)
  expect(shown.map(({ cure, detail }) => [cure, detail].every((text) => text !== undefined))).toEqual([
    true,
    false,
    false,
  ])
})

test('five or less end without a word', () => {
  const { shown, tell, pass } = createStorm()
  for (let count = 0; count < 5; count++) tell(wrong)
  pass()
  expect(shown).toHaveLength(5)
})

test('errors that differ by an id are alike, and so are names that nobody has', () => {
  const { shown, tell } = createStorm()
  for (let count = 0; count < 50; count++) {
    tell(
      signalLine(
        mapped({ status: 'failed', reason: `item 'product:${count}': no title`, eventId: `evt_${count}` }),
        createAround(),
      ),
    )
    tell(
      signalLine(refused({ source: null, code: 'not_found', reason: `unknown source 'x${count}y'` }), createAround()),
    )
  }
  expect(shown).toHaveLength(10)
})

test('what went well, and what is an error of the relay, always has its line', () => {
  const { shown, tell } = createStorm()
  for (let count = 0; count < 50; count++) {
    tell({ level: 'info', mark: 'good', subject: 'shop', outcome: 'sent' })
    tell({ level: 'error', mark: 'error', subject: 'relay', outcome: 'map failed' })
  }
  expect(shown).toHaveLength(100)
})

test('a storm of lines that all differ is bounded', () => {
  const { shown, tell } = createStorm()
  const letters = (count: number) => String.fromCodePoint(0x4e00 + count)
  for (let count = 0; count < 5_000; count++) tell({ ...wrong, like: letters(count) })
  expect(shown.length).toBeLessThan(510)
})

test('the end tells what is held back', () => {
  const { shown, tell, end } = createStorm()
  for (let count = 0; count < 7; count++) tell(wrong)
  end()
  expect(shown.at(-1)).toMatchObject({ outcome: '2 more: 401 wrong signature' })
})
