import { errorCodes, type FastifyRequest } from 'fastify'
import type { Intake } from '../domain/intake.ts'

type Done = (error: Error | null, body?: Buffer) => void
type Payload = FastifyRequest['raw']

const { FST_ERR_CTP_BODY_TOO_LARGE, FST_ERR_CTP_INVALID_CONTENT_LENGTH } = errorCodes

/**
 * Reads the bytes of a body as they came, as Fastify's own reader does, and has each one counted by the intake when it
 * arrives. `held` of the request says how many, until `releaseBody` gives them back.
 */
export function createBodyReader(intake: Intake, limit: number) {
  return function readBody(request: FastifyRequest, payload: Payload, done: Done): void {
    const announced = Number(request.headers['content-length'])
    if (announced > limit) {
      done(new FST_ERR_CTP_BODY_TOO_LARGE())
      return
    }
    const chunks: Buffer[] = []
    let received = 0
    let hasEnded = false

    // The listeners stay until the request is gone with them: to take them off would take longer than all they do.
    function end(error: Error | null): void {
      if (hasEnded) return
      hasEnded = true
      if (error === null) {
        done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, received))
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
        chunks.push(chunk)
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

/** Gives the bytes of a request back to the intake, once. */
export function releaseBody(intake: Intake, request: FastifyRequest): void {
  intake.release(request.held)
  request.held = 0
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of the body that the intake counts. */
    held: number
  }
}
