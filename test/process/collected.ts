import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import { createSpareMemory } from '../../src/process/spare-memory.ts'

// A thread with a heap of its own: that of the tests takes seconds to collect.
let garbage: unknown[] | null = Array.from({ length: 200_000 }, (_, index) => ({ index, text: `text ${index}` }))
const look = createSpareMemory({ utilization: () => 0 })
const before = process.memoryUsage().heapTotal
const { length } = garbage
garbage = null
const wasCollected = look()
const givenBack = before - process.memoryUsage().heapTotal
const isFlagLeft = runInNewContext('typeof gc') !== 'undefined'
parentPort!.postMessage({ length, wasCollected, givenBack, isFlagLeft })
