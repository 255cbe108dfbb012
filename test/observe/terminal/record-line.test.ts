import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordLine, unknownLine } from '../../../src/observe/terminal/record-line.ts'

const root = join(import.meta.dirname, '../../..')
const files = globSync(['src/**/*.ts', 'routes/**/*.ts'], { cwd: root })
const call =
  /\b(?:log|logger)\??\s*(?:\.child\([^;]*?\))?\.(?:debug|info|warn|error|fatal)\([^;]*?'([a-z]+(?:[._][a-z]+)+)'\)/g
/** What the log says that is no signal. */
const messages = files.flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(call)].map(([, name = '']) => name),
)

/** Whatever a line may have. */
const fields = {
  ...{
    level: 'warn',
    warning: 'w',
    signal: 'SIGTERM',
    error: 'e',
    stack: 's',
    err: { message: 'm', stack: 's' },
    requestId: 'req_1',
  },
  ...{
    sqlite: '3.1',
    node: 'v24',
    lines: 3,
    path: '/v1/ingest/item',
    status: 200,
    verdict: 'accepted',
    message: null,
    bytes: 2,
    id: 'a:1',
  },
}

test('the code says what is looked for', () => {
  expect(messages).toEqual(
    expect.arrayContaining(['config.loaded', 'config.warning', 'relay.stopping', 'request.failed', 'sandbox.call']),
  )
})

test.each([...new Set([...messages, 'log.dropped'])])('%s has words of its own, or the banner tells it', (msg) => {
  const line = recordLine({ ...fields, msg })
  if (line === null) return expect(['config.loaded', 'relay.listening']).toContain(msg)
  expect(line.outcome).not.toContain(msg)
  expect(Object.values(line).join(' ')).not.toMatch(/undefined|null|NaN|\[object/)
})

test('what has no words is told by its name and its fields', () => {
  expect(recordLine({ level: 'error', time: 'x', msg: 'moon.rose', phase: 'full moon', at: { x: 1 } })).toEqual({
    level: 'error',
    mark: 'error',
    subject: 'relay',
    outcome: 'moon.rose  phase="full moon" at={"x":1}',
  })
  expect(unknownLine({}).outcome).toBe('')
})

test.each([
  ['debug', 'debug', 'quiet'],
  ['info', 'info', 'quiet'],
  ['warn', 'warn', 'warn'],
  ['error', 'error', 'error'],
  ['fatal', 'fatal', 'error'],
  ['loud', 'info', 'quiet'],
])('a line of level %s is told as %s, marked as %s', (level, told, mark) => {
  expect(unknownLine({ level, msg: 'moon.rose' })).toMatchObject({ level: told, mark })
})
