import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reportFailure } from '../../src/commands/shared/failure.ts'
import { startKept } from './kept.ts'
import { runHere } from './run-here.ts'

test('what is named and is not there ends a command with 1 and the nearest name, and nothing is done', async () => {
  const { run, folder, relay } = await startKept()
  const webhook = join(folder, 'webhook.json')
  writeFileSync(webhook, '{"body":{}}')
  const wrong: readonly (readonly [line: string, words: string])[] = [
    ['replay evt_99', "no event 'evt_99': the newest is evt_4"],
    ['replay evt_1 evt_99', "no event 'evt_99'"],
    ['replay evt_1 EVT-3', "no event 'EVT-3': did you mean evt_3?"],
    ['replay --source shp', "no source 'shp': did you mean shop?"],
    ['replay evt_99 --diff', "no event 'evt_99'"],
    ['replay --source shp --diff', "no source 'shp': did you mean shop?"],
    ['replay evt_99 --dry-run', "no event 'evt_99'"],
    ['purge events evt_99', "no event 'evt_99'"],
    ['purge events --source shp', "no source 'shp': did you mean shop?"],
    ['redeliver product:11', "no item 'product:11': did you mean product:"],
    ['redeliver 2', "no item '2': did you mean product:2?"],
    ['redeliver --destination mian', "no destination 'mian': did you mean main?"],
    ['redeliver --source elsewhere', "no source 'elsewhere' (there is shop, demo)"],
    ['purge items product:11', "no item 'product:11'"],
    ['purge items --destination mian', "no destination 'mian': did you mean main?"],
    ['move --from mian --to main', "no destination 'mian': did you mean main?"],
    ['move --from main --to mian', "no destination 'mian': did you mean main?"],
    ['move product:11 --from main --to mian', "no item 'product:11'"],
    ['remove product product:1 --destination mian', "no destination 'mian': did you mean main?"],
    ['release product product:11', "no item 'product:11' is held"],
    ['enable mian', "no destination 'mian': did you mean main?"],
    ['disable mian', "no destination 'mian': did you mean main?"],
    ['errors --source shp', "no source 'shp': did you mean shop?"],
    ['errors --destination mian', "no destination 'mian': did you mean main?"],
    ['mappers shopfy', "no mapper 'shopfy': did you mean shopify?"],
    [`map --source shp --fixture ${webhook}`, "no source 'shp': did you mean shop?"],
    [`map --mapper shopfy --fixture ${webhook}`, "no mapper 'shopfy': did you mean shopify?"],
  ]
  const before = await relay.relay.store.readStats()
  for (const [line, words] of wrong) {
    const { code, stdout, stderr } = await run(...line.split(' '), '--json')
    expect({ line, code, stdout }).toEqual({ line, code: 1, stdout: '' })
    const { ok, error } = JSON.parse(stderr)
    expect({ ok, details: error.details }).toEqual({ ok: false, details: {} })
    expect(error.code).toMatch(/^(not_found|invalid)$/)
    expect(error.message.startsWith(words), error.message).toBe(true)
  }
  const forPeople = "cms-relay: no destination 'mian': did you mean main?\n"
  expect(await run('disable', 'mian')).toEqual({ code: 1, stdout: '', stderr: forPeople })
  expect(await relay.relay.store.readStats()).toEqual(before)
})

test('what is there and does not match a filter is no failure', async () => {
  const { run } = await startKept()
  expect(await run('redeliver', 'product:1', '--status', 'dead')).toMatchObject({ code: 0, stderr: '' })
  expect(await run('replay', 'evt_1', '--status', 'failed')).toMatchObject({ code: 0, stderr: '' })
  expect(await run('errors', '--source', 'demo')).toEqual({ code: 0, stdout: 'no errors\n', stderr: '' })
})

describe('wrong use', () => {
  test.each([
    [['srve'], "unknown command 'srve': did you mean serve?"],
    [['check', '--strct'], "unknown option '--strct': did you mean --strict?"],
    [['purge', 'event'], "unknown command 'event': did you mean events?"],
    [['status', '--colour'], "unknown option '--colour'\n  cms-relay status --help shows how it is called"],
    [['backup'], "missing required argument 'file'\n  cms-relay backup --help shows how it is called"],
    [['keygen', '--bytes', 'many'], "option '--bytes <n>' argument 'many' is invalid: expected a whole number"],
    [
      ['tail', '--type', 'item.dad'],
      "option '--type <types...>' argument 'item.dad' is invalid: did you mean item.dead?",
    ],
    [['replay'], 'say which events: ids, or --source'],
  ])('%o ends with 2 and says how it is meant, programs as well', async (args, words) => {
    const plain = await runHere(args)
    expect(plain).toMatchObject({ code: 2, stdout: '' })
    expect(plain.stderr.startsWith(`cms-relay: ${words}`), plain.stderr).toBe(true)
    const asJson = await runHere([...args, '--json'])
    expect(asJson).toMatchObject({ code: 2, stdout: '' })
    const message = plain.stderr.slice(11).split('\n', 1)[0]
    expect(JSON.parse(asJson.stderr)).toEqual({ ok: false, error: { code: 'usage', message, details: {} } })
  })

  test('of a command that has no --json is told as JSON all the same', async () => {
    const { code, stderr } = await runHere(['init', '--json'])
    expect({ code, said: JSON.parse(stderr).error.message }).toEqual({ code: 2, said: "unknown option '--json'" })
  })

  test('of an argument that is one of few says which was meant', async () => {
    const { code, stderr } = await runHere(['completion', 'bsh'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("'bsh' is invalid for argument 'shell': did you mean bash?"),
    })
  })

  test('behind -- nothing is an option', async () => {
    const { stderr } = await runHere(['status', '--', '--json'])
    expect(stderr).toMatch(/^cms-relay: too many arguments/)
  })
})

test('mistakes of a configuration are listed for programs', async () => {
  const { run, folder } = await startKept()
  writeFileSync(join(folder, 'relay.yaml'), '{"destinations":{},"sorces":{}}')
  const { code, stderr } = await run('status', '--json')
  expect(code).toBe(1)
  const { error } = JSON.parse(stderr)
  expect(error.details.issues).toEqual([
    {
      path: 'sorces',
      message: 'unknown key; did you mean sources?',
      file: expect.stringMatching(/relay\.yaml$/),
      line: 1,
      column: 20,
    },
  ])
})

test('what the operating system refuses and what is a bug have codes of their own', async () => {
  const told = (error: unknown) => {
    let text = ''
    const code = reportFailure(error, {
      json: true,
      write: (part) => {
        text += part
      },
    })
    return { code, ...JSON.parse(text).error }
  }
  const refusal = Object.assign(new Error('EACCES: no'), { code: 'EACCES', syscall: 'open', path: '/x' })
  expect(told(refusal)).toEqual({
    code: 'system',
    message: 'EACCES: no',
    details: { code: 'EACCES', syscall: 'open', path: '/x' },
  })
  expect(told(new TypeError('oops'))).toMatchObject({ code: 'internal', message: 'oops' })
  expect(told(new TypeError('oops')).details.stack).toContain('failures.test.ts')
  const texts: string[] = []
  expect(reportFailure(new TypeError('oops'), { json: false, write: (text) => texts.push(text) })).toBe(1)
  expect(texts.join('')).toMatch(/^cms-relay: TypeError: oops\n +at .*failures\.test\.ts/)
})
