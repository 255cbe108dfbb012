import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Ask, withQuestions } from '../../../src/commands/set-up/init/questions.ts'
import { personWith } from './asked.ts'

const choices = [
  { name: 'ghost', title: 'Ghost' },
  { name: 'shopify', title: 'Shopify' },
  { name: 'standard-webhooks', title: 'Standard Webhooks' },
]

async function asked<T>(lines: readonly string[], work: (ask: Ask) => Promise<T>) {
  const { terminal, shown } = personWith(lines)
  return { value: await withQuestions(work, terminal), shown }
}

/** A terminal that shows what is typed, as a real one does. */
function screen() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  const output = new PassThrough()
  let shown = ''
  output.on('data', (chunk) => {
    shown += chunk
  })
  return { input, output, shown: () => shown }
}

describe('questions', () => {
  test.each([['2'], ['shopify'], ['SHOPIFY']])('take %j as a choice', async (line) => {
    const { value, shown } = await asked([line], (ask) => ask.choice('Which?', choices))
    expect(value).toBe('shopify')
    expect(shown()).toContain('  2  Shopify\n')
    expect(shown()).toContain('  3  Standard Webhooks (standard-webhooks)\n')
  })

  test('show many choices in columns', async () => {
    const many = Array.from({ length: 12 }, (_, at) => ({ name: `cms${at + 1}`, title: `Cms${at + 1}` }))
    const { shown } = await asked(['1'], (ask) => ask.choice('Which?', many))
    expect(shown()).toMatch(/^ {3}1 {2}Cms1 +3 {2}Cms3 +5 /m)
  })

  test('take answers that come before they are asked', async () => {
    const input = new PassThrough()
    input.write('1\n2\n')
    const work = async (ask: Ask) => [await ask.choice('Which?', choices), await ask.choice('And?', choices)]
    expect(await withQuestions(work, { input, output: new PassThrough() })).toEqual(['ghost', 'shopify'])
  })

  test('are asked again after an answer that is none, with the name that was meant', async () => {
    const { value, shown } = await asked(['0', 'xyz', 'shopifi', 'Standard Webhook', '1'], (ask) =>
      ask.choice('Which?', choices),
    )
    expect(value).toBe('ghost')
    expect(shown().match(/There is no such choice/g)).toHaveLength(4)
    expect(shown()).toContain('Did you mean shopify?')
    expect(shown()).toContain('Did you mean standard-webhooks?')
  })

  test.each<[string, boolean]>([
    ['', true],
    ['Y', true],
    ['no', false],
  ])('take %j for yes or no', async (line, expected) => {
    expect((await asked(['maybe', line], (ask) => ask.confirm('Sure?'))).value).toBe(expected)
  })

  test('take an answer that goes on over several lines', async () => {
    const { input, output } = { input: new PassThrough(), output: new PassThrough() }
    input.write('a\nb\nend\nnext\n')
    const read = (text: string) => (text.endsWith('end') ? { value: text } : { more: true as const })
    const work = async (ask: Ask) => [await ask.text('All', read), await ask.text('Next', (value) => ({ value }))]
    expect(await withQuestions(work, { input, output })).toEqual(['a\nb\nend', 'next'])
  })

  test('end in words if the input ends', async () => {
    await expect(asked([], (ask) => ask.choice('Which?', choices))).rejects.toThrow('nothing is written')
  })

  test('end in words at Ctrl-C', async () => {
    const { input, output } = screen()
    const ended = withQuestions((ask) => ask.text('Name', (value) => ({ value })), { input, output })
    input.write('half\u0003')
    await expect(ended).rejects.toThrow('nothing is written')
  })

  test('show what is typed, but for secrets', async () => {
    const { input, output, shown } = screen()
    const take = (value: string) => ({ value })
    const done = withQuestions(
      async (ask) => [
        await ask.text('Name', take),
        await ask.text('Secret', take, { isHidden: true }),
        await ask.text('More', take),
      ],
      { input, output },
    )
    for (const [question, line] of [
      ['Name', 'visible'],
      ['Secret', 'h1dden'],
      ['More', 'again'],
    ] as const) {
      while (!shown().includes(`${question}: `)) await new Promise(setImmediate)
      input.write(`${line}\r`)
    }
    expect(await done).toEqual(['visible', 'h1dden', 'again'])
    expect(shown()).toContain('visible')
    expect(shown()).toContain('again')
    expect(shown()).not.toContain('h1')
  })
})
