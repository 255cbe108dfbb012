import { Worker } from 'node:worker_threads'
import { RelayError } from '../../domain/errors.ts'
import type { DatabaseOptions } from './database.ts'
import type { Engine } from './engine.ts'
import { errorOfWire, type WireError } from './errors.ts'

type Method = keyof Engine

export interface Call {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

export type Answer =
  | { readonly id: number; readonly result: unknown; readonly error?: never }
  | { readonly id: number; readonly error: WireError }

/** A way to an engine, wherever it runs. */
export interface Link {
  call<M extends Method>(method: M, ...args: Parameters<Engine[M]>): Promise<ReturnType<Engine[M]>>
}

/** What passes through the thread is soon garbage: the default lets it grow to many times of that before it is looked at. */
const maxYoungGenerationSizeMb = 16

const threadFile = new URL('./thread.ts', import.meta.url)

/** A thread has no compile cache unless it asks for one; without it the reading of code costs more than all else. */
const entry = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { enableCompileCache } from 'node:module'
    import { workerData } from 'node:worker_threads'
    enableCompileCache()
    await import(workerData.file)
  `)}`,
)

/** What a thread is told first: the database to open. */
export interface Opening {
  readonly path: string
  readonly options: DatabaseOptions
}

let prepared: Worker | null = null

/** Starts the thread of the next `linkThread`: it reads its code while nobody knows yet which database it is for. */
export function prepareThread(): void {
  prepared ??= startThread(threadFile)
  prepared.unref() // if it comes to nothing, the process can end
}

/** Ends a thread that was prepared for nothing. */
export async function dropPreparedThread(): Promise<void> {
  const dropped = prepared
  prepared = null
  await dropped?.terminate()
}

function takePrepared(): Worker | null {
  const taken = prepared
  prepared = null
  taken?.ref()
  return taken
}

function startThread(file: URL): Worker {
  return new Worker(entry, { workerData: { file: file.href }, resourceLimits: { maxYoungGenerationSizeMb } })
}

/** The engine in a thread of its own. Resolves when the database is open. */
export async function linkThread(path: string, options: DatabaseOptions, file = threadFile): Promise<Link> {
  const worker = (file === threadFile && takePrepared()) || startThread(file)
  worker.postMessage({ path, options } satisfies Opening)
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let gone: RelayError | null = null

  worker.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: WireError }) => {
    const call = pending.get(id)
    pending.delete(id)
    if (pending.size === 0) worker.unref() // an idle store does not keep a process alive
    if (error) call?.reject(errorOfWire(error))
    else call?.resolve(result)
  })
  worker.on('error', (cause) =>
    leave(new RelayError('unavailable', `the thread of database ${path} failed`, { cause })),
  )
  worker.on('exit', () => leave(new RelayError('unavailable', `database ${path} is closed`)))

  function leave(reason: RelayError): void {
    gone ??= reason
    for (const { reject } of pending.values()) reject(gone)
    pending.clear()
  }

  function send(method: Method, args: readonly unknown[]): Promise<unknown> {
    if (gone) return Promise.reject(gone)
    lastId += 1
    const call = Promise.withResolvers<unknown>()
    if (pending.size === 0) worker.ref()
    pending.set(lastId, call)
    const message: Call = { id: lastId, method, args }
    worker.postMessage(message)
    return call.promise
  }

  const opened = Promise.withResolvers<unknown>()
  pending.set(0, opened)
  await opened.promise
  return { call: (method, ...args) => send(method, args) as Promise<never> }
}
