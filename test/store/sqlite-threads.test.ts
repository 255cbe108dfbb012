import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { dropPreparedThread, linkThread, prepareThread } from '../../src/store/sqlite/link.ts'
import { createReader } from '../../src/store/sqlite/reader.ts'
import { createFolder } from '../folder.ts'

const newPath = () => join(createFolder(), 'relay.db')

/** The threads that are started from now on. */
function watchThreads() {
  const started: Worker[] = []
  const add = (worker: Worker) => void started.push(worker)
  process.on('worker', add)
  onTestFinished(() => void process.off('worker', add))
  return async () => {
    await setImmediate() // a thread is told of in the next tick
    return started
  }
}

async function openWriter(path: string) {
  const link = await linkThread(path, {})
  onTestFinished(async () => void (await link.call('close')))
  return link
}

test('the thread that is prepared is the one of the next database, and of no other', async () => {
  const started = watchThreads()
  prepareThread()
  prepareThread()
  expect(await started()).toHaveLength(1)
  const first = await openWriter(newPath())
  expect(await started()).toHaveLength(1)
  const second = await openWriter(newPath())
  expect(await started()).toHaveLength(2)
  for (const link of [first, second]) expect(await link.call('readStats')).toMatchObject({ eventsPending: 0 })
})

test('a thread that is prepared for nothing can be ended, and the next database has one of its own', async () => {
  const started = watchThreads()
  await dropPreparedThread()
  prepareThread()
  await dropPreparedThread()
  expect((await started()).map(({ threadId }) => threadId)).toEqual([-1])
  expect(await (await openWriter(newPath())).call('readStats')).toMatchObject({ eventsPending: 0 })
})

const link = JSON.stringify(new URL('../../src/store/sqlite/link.ts', import.meta.url).href)

function run(code: string) {
  const text = `const { linkThread, prepareThread } = await import(${link})\n${code}`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  return { status, stdout }
}

test('a thread that is prepared keeps no process alive, until a database is opened in it', () => {
  expect(run('prepareThread()')).toEqual({ status: 0, stdout: '' })
  const path = JSON.stringify(newPath())
  const opened = `prepareThread(); await linkThread(${path}, {}); process.stdout.write('opened')`
  expect(run(opened)).toEqual({ status: 0, stdout: 'opened' })
})

test('a reader that could not be opened is tried again by the next call', async () => {
  const path = newPath()
  const nowhere = await openWriter(newPath())
  const reader = createReader(path, {}, nowhere, 0)
  await expect(reader.call('readStats')).rejects.toThrow()
  await openWriter(path)
  expect(await reader.call('readStats')).toMatchObject({ eventsPending: 0 })
  await reader.call('close')
})

test('a reader that was never needed closes nothing of its writer', async () => {
  const path = newPath()
  const writer = await openWriter(path)
  const reader = createReader(path, {}, writer, Number.POSITIVE_INFINITY)
  expect(await reader.call('readStats')).toMatchObject({ eventsPending: 0 })
  await reader.call('close')
  expect(await writer.call('readStats')).toMatchObject({ eventsPending: 0 })
})
