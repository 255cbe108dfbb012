import { parentPort } from 'node:worker_threads'

// A thread of a store that opens well and dies of its first call.
parentPort!.once('message', () => {
  parentPort!.postMessage({ id: 0, result: null })
  parentPort!.once('message', () => {
    throw new Error('out of memory')
  })
})
