import { describe, expect, test, vi } from 'vitest'
import { createLogOutput, type WriteBytes } from '../../src/observe/log-output.ts'

/** A place for lines that the test lets work or fail. */
function createPlace() {
  const place = { text: '', error: null as string | null, isHanging: false, calls: 0 }
  const write: WriteBytes = (bytes, done) => {
    place.calls++
    if (place.isHanging) return
    setImmediate(() => {
      if (place.error !== null) return done(Object.assign(new Error(place.error), { code: place.error }), 0)
      const part = bytes.subarray(0, Math.max(1, Math.ceil(bytes.length / 2))) // as a pipe that is nearly full
      place.text += part
      done(null, part.length)
    })
  }
  return { place, write }
}

const line = (number: number) => `{"n":${number}}\n`

describe('lines', () => {
  test('are written in order, and whole, also where each write takes a part', async () => {
    const { place, write } = createPlace()
    const output = createLogOutput({ write })
    for (let number = 0; number < 50; number++) output.write(line(number))
    await output.end(1_000)
    expect(place.text).toBe(Array.from({ length: 50 }, (_, number) => line(number)).join(''))
    expect(output.dropped()).toBe(0)
  })

  test.each(['ENOSPC', 'EPIPE', 'EIO', 'ECONNRESET'])(
    'that meet %s are dropped and counted; the log goes on',
    async (error) => {
      const { place, write } = createPlace()
      const output = createLogOutput({ write })
      place.error = error
      for (let number = 0; number < 3; number++) output.write(line(number))
      await vi.waitFor(() => expect(output.dropped()).toBe(3))
      place.error = null
      output.write(line(3))
      await output.end(1_000)
      const [notice = '', ...rest] = place.text.split('\n')
      expect(JSON.parse(notice)).toMatchObject({ level: 'warn', lines: 3, msg: 'log.dropped' })
      expect(rest).toEqual(['{"n":3}', ''])
    },
  )

  test('that are missing are told of in words, where the lines are for people', async () => {
    const { place, write } = createPlace()
    const output = createLogOutput({ write, noticeOf: (lines) => `${lines} lines are missing\n` })
    place.error = 'ENOSPC'
    output.write('one\n')
    await vi.waitFor(() => expect(output.dropped()).toBe(1))
    place.error = null
    output.write('two\n')
    await output.end(1_000)
    expect(place.text).toBe('1 lines are missing\ntwo\n')
  })

  test('begin on a line of their own after one that was cut off', async () => {
    let calls = 0
    let text = ''
    const output = createLogOutput({
      write: (bytes, done) =>
        void setImmediate(() => {
          calls++
          if (calls === 2) return done(Object.assign(new Error('full'), { code: 'ENOSPC' }), 0)
          const part = calls === 1 ? bytes.subarray(0, 4) : bytes
          text += part
          done(null, part.length)
        }),
    })
    output.write(line(1))
    await vi.waitFor(() => expect(output.dropped()).toBe(1))
    output.write(line(2))
    await output.end(1_000)
    const [first, notice = '', last] = text.split('\n')
    expect([first, JSON.parse(notice).lines, last]).toEqual(['{"n"', 1, '{"n":2}'])
  })

  test('wait for a reader that does not read, up to a bound; more are dropped and counted', async () => {
    const { place, write } = createPlace()
    const output = createLogOutput({ write, maxWaiting: 100 * line(10).length })
    place.error = 'EAGAIN'
    output.write(line(10))
    await vi.waitFor(() => expect(place.calls).toBeGreaterThan(0))
    for (let number = 0; number < 1_000; number++) output.write(line(10))
    expect(output.dropped()).toBe(900)
    place.error = null
    await output.end(1_000)
    expect(place.text.split('\n').filter((text) => text === '{"n":10}')).toHaveLength(101)
  })
})

describe('the end', () => {
  test('does not wait longer than it may for a write that hangs', async () => {
    const { place, write } = createPlace()
    const output = createLogOutput({ write })
    place.isHanging = true
    output.write(line(1))
    await output.end(20)
    output.write(line(2))
    expect(output.dropped()).toBe(1)
  })

  test('does not wait for a place that is full', async () => {
    const { place, write } = createPlace()
    const output = createLogOutput({ write })
    place.error = 'ENOSPC'
    output.write(line(1))
    await output.end(60_000)
    expect(place.text).toBe('')
  })
})
