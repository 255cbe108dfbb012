import { expect, onTestFinished, test } from 'vitest'
import { createLogFormat, terminalWidth } from '../../src/observe/log-format.ts'

function createFormat() {
  const lines: string[] = []
  const format = createLogFormat({
    write: (text) => void lines.push(text),
    mask: (text) => text.replace('the secret', '[secret]'),
    isEnabled: () => true,
  })
  return { format, lines }
}

test('pretty has lines for people, json has none, and auto depends on standard output', async () => {
  const { format, lines } = createFormat()
  expect(format.terminal()).toBeNull()
  await format.use('pretty')
  format.terminal()!.record('{"level":"warn","msg":"config.warning","warning":"the secret is short"}')
  expect(lines).toEqual([expect.stringMatching(/config +warning: \[secret\] is short/)])
  await format.use('json')
  expect(format.terminal()).toBeNull()
  await format.use('auto')
  expect(format.terminal() !== null).toBe(process.stdout.isTTY === true)
})

test('of two changes in quick succession the last one counts', async () => {
  const { format } = createFormat()
  await Promise.all([format.use('pretty'), format.use('json')])
  expect(format.terminal()).toBeNull()
})

test.each([
  [true, 132, 132],
  [true, 0, 80],
  [true, undefined, 80],
  [false, 132, Number.POSITIVE_INFINITY],
])('of standard output that is a terminal (%s) with %s columns, lines have %s', (isTTY, columns, width) => {
  for (const [key, value] of Object.entries({ isTTY, columns })) {
    const before = Object.getOwnPropertyDescriptor(process.stdout, key)
    Object.defineProperty(process.stdout, key, { value, configurable: true })
    onTestFinished(() => {
      if (before) Object.defineProperty(process.stdout, key, before)
      else Reflect.deleteProperty(process.stdout, key)
    })
  }
  expect(terminalWidth()).toBe(width)
})
