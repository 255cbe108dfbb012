import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What a sender may still send after its answer: dropped as it comes. Then the connection ends. */
const longestMs = 30_000
const longestBytes = 64 * 1024 * 1024
/** One that sends nothing for so long has read its answer, or never will. */
const idleMs = 5_000
/** As long as that, when the server is closing. */
const closingMs = 1_000
const lookEveryMs = 100

/**
 * A request may be answered before all of its body has come. To close the connection then is to lose the answer: the system
 * resets it as soon as more comes in, and the sender reports that instead of what it was told (nginx makes a 502 of it). So
 * what is still sent is read and dropped, in bounds, before the connection closes or goes on with the next request.
 */
export function installEarlyAnswers(server: Server, isStopping: () => boolean): void {
  const requests = new WeakMap<Socket, IncomingMessage>()

  server.on('connection', (socket: Socket) => {
    const closeNow = socket.destroySoon.bind(socket)
    // Node calls this once the last answer of a connection is written.
    socket.destroySoon = () => {
      const request = requests.get(socket)
      if (!request || request.complete || socket.destroyed) return closeNow()
      socket.end() // the answer, and that no other follows
      drain(socket, isStopping, () => request.complete, closeNow)
    }
  })

  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    requests.set(request.socket, request)
    response.on('finish', drainRest)
  })

  /** One function for all requests: nearly all of them are complete. */
  function drainRest(this: ServerResponse): void {
    const { req: request, shouldKeepAlive } = this
    if (!request.complete && shouldKeepAlive) drain(request.socket, isStopping, () => request.complete)
  }
}

/** Ends a connection over which no request can be read any more, with an answer. Called again as more of it comes, it does nothing, and says so. */
export function answerLast(socket: Socket, isStopping: () => boolean, answer: string): boolean {
  if (ended.has(socket)) return false
  ended.add(socket)
  if (!socket.writable || socket.destroyed) {
    socket.destroy()
  } else {
    socket.end(answer)
    drain(socket, isStopping, () => false)
  }
  return true
}

const ended = new WeakSet<Socket>()

/** Lets what comes in be dropped until the request is complete, or the sender has gone, or a bound is reached. */
function drain(socket: Socket, isStopping: () => boolean, isComplete: () => boolean, done?: () => void): void {
  const startedAt = performance.now()
  const before = socket.bytesRead
  let movedAt = startedAt
  let read = before
  const timer = setInterval(look, lookEveryMs)
  socket.once('close', stop)

  function stop(): void {
    clearInterval(timer)
    socket.off('close', stop)
  }

  function look(): void {
    const at = performance.now()
    if (socket.bytesRead > read) movedAt = at
    read = socket.bytesRead
    if (isComplete()) {
      stop()
      done?.()
    } else if (isOver(at)) {
      stop()
      socket.destroy()
    }
  }

  function isOver(at: number): boolean {
    const age = at - startedAt
    return age > longestMs || read - before > longestBytes || at - movedAt > idleMs || (isStopping() && age > closingMs)
  }
}

const waiting = new WeakMap<IncomingMessage, ServerResponse>()

/**
 * A sender that asks first (`Expect: 100-continue`) is told to go on once its body is wanted, and not when its headers have
 * come: what is refused without the body is then never sent.
 */
export function installContinue(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response)
    server.emit('request', request, response)
  })
}

/** Tells a sender that waits for it to send its body. */
export function askForBody(request: IncomingMessage): void {
  if (request.headers.expect === undefined) return
  waiting.get(request)?.writeContinue()
  waiting.delete(request)
}
