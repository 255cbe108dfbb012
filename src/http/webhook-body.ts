import { errorCodes, type FastifyRequest } from 'fastify'
import { readJson } from '../json/read.ts'
import type { Intake } from '../stages/ports.ts'
import { askForBody } from './early-answer.ts'

type Done = (error: Error | null, body?: Buffer) => void
type JsonDone = (error: Error | null, value?: unknown) => void
type Payload = FastifyRequest['raw']

const { FST_ERR_CTP_BODY_TOO_LARGE, FST_ERR_CTP_INVALID_CONTENT_LENGTH } = errorCodes

/**
 * Reads the bytes of a body as they came, as Fastify's own reader does, and has each one counted by the intake when it
 * arrives. `held` of the request says how many, until `releaseBody` gives them back.
 */
export function createBodyReader(intake: Intake, limitNow: () => number) {
  return function readBody(request: FastifyRequest, payload: Payload, done: Done): void {
    const limit = limitNow()
    const announced = Number(request.headers['content-length'])
    if (announced > limit) {
      done(new FST_ERR_CTP_BODY_TOO_LARGE())
      return
    }
    askForBody(request.raw)
    const parts = createParts()
    let received = 0
    let hasEnded = false

    // The listeners stay until the request is gone with them: taking them off would cost more than all they do.
    function end(error: Error | null): void {
      if (hasEnded) return
      hasEnded = true
      if (error === null) {
        done(null, parts.whole())
      } else {
        releaseBody(intake, request)
        done(error)
      }
    }

    function onData(chunk: Buffer): void {
      if (hasEnded) return
      try {
        received += chunk.length
        if (received > limit) throw new FST_ERR_CTP_BODY_TOO_LARGE()
        intake.hold(chunk.length)
        request.held += chunk.length
        parts.add(chunk)
      } catch (error) {
        end(error as Error)
      }
    }

    const onEnd = () => {
      end(Number.isNaN(announced) || announced === received ? null : new FST_ERR_CTP_INVALID_CONTENT_LENGTH())
    }
    const onError = (error: Error) => end(Object.assign(error, { statusCode: 400 }))

    payload.on('data', onData).on('end', onEnd).on('error', onError)
  }
}

/** Shorter parts are put together. Bytes. */
const shortPart = 4 * 1024
const longestRoom = 64 * 1024

/**
 * The parts of a body. A buffer costs some hundred bytes besides its own, and a sender may make parts of one byte: those are
 * copied into one that grows with them.
 */
function createParts() {
  const parts: Buffer[] = []
  let room: Buffer | null = null
  let used = 0

  function close(): void {
    if (room) parts.push(room.subarray(0, used))
    room = null
  }

  function copy(chunk: Buffer): void {
    if (room && used + chunk.length > room.length) {
      const isGrown = room.length < longestRoom
      const before = room.subarray(0, used)
      if (isGrown) {
        room = Buffer.allocUnsafeSlow(Math.min(longestRoom, room.length * 4 + chunk.length))
        room.set(before)
      } else close()
    }
    if (!room) {
      room = Buffer.allocUnsafeSlow(parts.length > 1 ? longestRoom : shortPart)
      used = 0
    }
    room.set(chunk, used)
    used += chunk.length
  }

  return {
    add(chunk: Buffer): void {
      // The first is nearly always the only one.
      if (chunk.length < shortPart && (parts.length > 0 || room)) {
        copy(chunk)
      } else {
        close()
        parts.push(chunk)
      }
    },
    whole(): Buffer {
      close()
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
  }
}

/** Gives the bytes of a request back to the intake, once. */
export function releaseBody(intake: Intake, request: FastifyRequest): void {
  intake.release(request.held)
  request.held = 0
}

/** Reads a body of JSON, of the same limit. Nothing for an empty one. Integers beyond 2^53 keep their digits. */
export function createJsonReader(intake: Intake, limit: () => number) {
  const readBody = createBodyReader(intake, limit)
  return function readJsonBody(request: FastifyRequest, payload: Payload, done: JsonDone): void {
    readBody(request, payload, (error, body) => {
      releaseBody(intake, request)
      if (error) return done(error)
      try {
        done(null, body === undefined || body.length === 0 ? undefined : readJson(body.toString()))
      } catch (cause) {
        done(Object.assign(cause as Error, { statusCode: 400 }))
      }
    })
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of the body that the intake counts. */
    held: number
  }
}
