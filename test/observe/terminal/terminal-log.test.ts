import { expect, test } from 'vitest'
import { createLiveMask, createLog } from '../../../src/observe/log.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import { createObserver } from '../../../src/observe/observer.ts'
import { createTerminalLog, type TerminalLog } from '../../../src/observe/terminal/terminal-log.ts'
import { createAround, everySignal, mapped, refused } from './support.ts'

const secret = 'pa"ss/wörd of the shop'

function createAll(level = 'info') {
  const lines: string[] = []
  const secrets = createLiveMask([secret])
  let terminal: TerminalLog | null = null
  const log = createLog({
    level,
    secrets,
    stream: { write: (line) => void lines.push(line) },
    terminal: () => terminal,
  })
  const people = createTerminalLog({
    write: (text) => void lines.push(text),
    mask: secrets.mask,
    width: () => Number.POSITIVE_INFINITY,
    paint: (_style, text) => text,
    around: () => createAround(),
    isEnabled: (level) => log.isLevelEnabled(level),
    now: () => 0,
    later: () => {},
  })
  const observe = createObserver(
    log,
    createMetrics({ webhooks: 0, bytes: 0 }, () => 0),
    () => terminal,
  )
  function pretty(isOn: boolean): void {
    terminal = isOn ? people : null
  }
  return { lines, log, observe, secrets, pretty, people }
}

test('the format can change at any time, for signals and for what else the log says', () => {
  const { lines, log, observe, pretty } = createAll()
  for (const isPretty of [false, true, false]) {
    pretty(isPretty)
    observe(refused())
    log.info({ signal: 'SIGTERM' }, 'relay.stopping')
  }
  expect(lines.map((line) => line.startsWith('{"msg":"'))).toEqual([true, true, false, false, true, true])
  expect(lines[2]).toMatch(/shop +401 wrong signature/)
  expect(lines[3]).toMatch(/relay {2}stopping: SIGTERM\n$/)
})

test('the level counts for both', () => {
  const { lines, log, observe, pretty } = createAll('error')
  pretty(true)
  observe(refused())
  observe(mapped({ applied: 0, unchanged: 1 }))
  expect(lines).toEqual([])
  log.level = 'debug'
  for (const signal of everySignal) observe(signal)
  expect(lines.length).toBeGreaterThan(40)
})

test('nothing of a storm of bookkeeping is shown at the usual level', () => {
  const { lines, observe, pretty } = createAll()
  pretty(true)
  for (const kind of ['webhook.received', 'item.delivered', 'destination.unconfigured']) {
    observe(everySignal.find((signal) => signal.kind === kind)!)
  }
  expect(lines).toEqual([])
})

test('a secret is masked in every line, whatever quotes it, also one that a reload has brought', () => {
  const { lines, log, observe, pretty, secrets } = createAll()
  pretty(true)
  secrets.add([secret, 'the one of today'])
  observe(mapped({ status: 'failed', reason: `got ${secret} and the one of today`, topic: secret }))
  log.info({ text: secret, nested: { text: secret }, [secret]: 1, authorization: 'Bearer of somebody' }, secret)
  log.error({ err: new Error(`no ${secret}`), requestId: 'req_1' }, 'request.failed')
  expect(lines).toHaveLength(3)
  expect(lines.join('')).not.toMatch(/pa\\*"ss|wörd|one of today|somebody/)
})

test('no line has anything that a terminal obeys', () => {
  const { lines, log, observe, pretty } = createAll()
  pretty(true)
  const hostile = 'a\u001b[2J\u009b31m\u202e\r\nb'
  observe(mapped({ status: 'failed', reason: hostile, topic: hostile, source: hostile }))
  log.info({ [hostile]: hostile }, hostile)
  for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\u202e]*\n$/u)
})

test('lines that could not be written are told of in the same form', () => {
  expect(createAll().people.noticeOf(12)).toMatch(/! relay {2}12 lines before this one could not be written\n$/)
})
