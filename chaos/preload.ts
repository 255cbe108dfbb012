// Loaded into the relay's process before it starts: kills it at a named moment, and lets its clock step. The relay itself
// knows nothing of it; what is watched are messages to and from the store's thread, and undici's diagnostics.
import diagnostics from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { isMainThread, Worker } from 'node:worker_threads'
import type { CrashPoint } from './plan.ts'

interface Orders {
  readonly crash?: { readonly point: CrashPoint; readonly pass: number }
  /** Holds how far the clock is off, in milliseconds. */
  readonly clockFile?: string
}

const orders: Orders = JSON.parse(process.env['CHAOS_ORDERS'] ?? '{}')

if (orders.clockFile) stepClock(orders.clockFile)
if (isMainThread && orders.crash) crashAt(orders.crash)
if (orders.crash?.point === 'in the middle of a migration') crashWhileMigrating()

function stepClock(file: string): void {
  const real = Date.now
  let offset = 0
  let readAt = 0
  Date.now = () => {
    const at = performance.now()
    if (at - readAt > 20) {
      readAt = at
      offset = Number(readFileSync(file, 'utf8'))
    }
    return real() + offset
  }
}

/** In the thread that has the database: after a migration's statements, before its commit. */
function crashWhileMigrating(): void {
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function execute(this: DatabaseSync, sql: string) {
    Reflect.apply(exec, this, [sql])
    if (/^\s*(--[^\n]*\n\s*)*create table (?!if not exists)/.test(sql)) process.kill(process.pid, 'SIGKILL')
  }
}

function crashAt({ point, pass }: NonNullable<Orders['crash']>): void {
  let passes = 0
  const reached = (here: CrashPoint) => {
    if (here !== point || ++passes < pass) return
    process.kill(process.pid, 'SIGKILL')
    for (;;); // the signal takes a moment, and nothing may happen in it
  }
  /** What the store has answered, before anyone in the relay hears of it. */
  const answered: Readonly<Record<string, CrashPoint>> = {
    acceptAll: 'committed, not answered',
    claimEvents: 'claimed for mapping',
    settleEvents: 'mapped and settled',
    claimItems: 'claimed for delivery',
    sealBatch: 'sealed, not sent',
    settleBatch: 'settled',
  }
  const methods = new Map<number, string>()
  const { on, postMessage } = Worker.prototype
  Worker.prototype.postMessage = function post(this: Worker, message: unknown, ...rest: unknown[]) {
    const { id, method } = message as { readonly id?: number; readonly method?: string }
    if (id !== undefined && method !== undefined) methods.set(id, method)
    if (method === 'settleBatch') reached('answered, not settled')
    if (method === 'acceptAll') {
      reached('received, not committed')
      // What is answered before its commit is answered long before it, and lost.
      if (point === 'answered') return void setTimeout(() => Reflect.apply(postMessage, this, [message, ...rest]), 30)
    }
    return Reflect.apply(postMessage, this, [message, ...rest])
  } as typeof postMessage
  Worker.prototype.on = function listen(this: Worker, event: string, listener: (value: never) => void) {
    if (event !== 'message') return Reflect.apply(on, this, [event, listener])
    const watched = (value: { readonly id: number; readonly result?: unknown }) => {
      const method = methods.get(value.id)
      methods.delete(value.id)
      // An empty answer is no such moment: nothing was claimed.
      const isEmpty = value.result === null || (Array.isArray(value.result) && value.result.length === 0)
      if (method && answered[method] && !isEmpty) reached(answered[method])
      listener(value as never)
    }
    return Reflect.apply(on, this, [event, watched])
  } as typeof on
  if (point === 'answered') {
    const { write } = Socket.prototype
    Socket.prototype.write = function send(this: Socket, ...args: unknown[]) {
      // Once the answer has left.
      if (/^HTTP\/1\.1 202 /.test(String(args[0]).slice(0, 20))) setImmediate(() => reached('answered'))
      return Reflect.apply(write, this, args)
    } as typeof write
  }
  diagnostics.subscribe('undici:request:bodySent', () => reached('sent, no answer read'))
}
