import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Emit } from '../domain/signal.ts'
import { addressGroup } from './address-group.ts'

/** What a bulk act says of itself. */
export interface Act {
  readonly what: string
  readonly filter: object
  readonly dryRun: boolean
  readonly count: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token came with the request; null if it was none of ours. */
    who: string | null
    act: Act | null
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Every act by the routes of this scope is told as `admin.done`, whatever came of it, and every read unless its route says that it
 * `holdsNoContent`: so that a new route can't forget.
 */
export function traceActs(app: FastifyInstance, emit: Emit): void {
  app.decorateRequest('who', null)
  app.decorateRequest('act', null)
  // Before the answer leaves: a caller that goes away in the middle of it has done the act, or read most of the body.
  app.addHook('onSend', async (request, { statusCode: status }) => {
    const { who, act, method, routeOptions, ip, id: requestId } = request
    if (who === null || (safeMethods.has(method) && routeOptions.config.holdsNoContent === true)) return
    const done = { who, what: `${method} ${routeOptions.url}`, target: targetOf(request), status, ip, requestId }
    emit({ kind: 'admin.done', ...done, ...act })
  })
}

/** What stands in the path for the parameters of the route. */
function targetOf({ params }: FastifyRequest): string | null {
  const names = Object.values((params ?? {}) as Record<string, string>)
  return names.length === 0 ? null : names.join(' ').slice(0, 256)
}

export interface RefusedAdmin {
  readonly ip: string
  readonly code: string
  readonly requestId: string
}

const reportEveryMs = 60_000
/** Addresses beyond that, within a minute, are reported together. */
const mostAddresses = 1_000
const others = 'others'

/** Counts refused callers, and tells of them once a minute at most for each address. */
export function createRefusedAdmins(now: () => number, emit: Emit) {
  const seen = new Map<string, { at: number; unreported: number; newest: RefusedAdmin }>()

  function report(one: { at: number; unreported: number; newest: RefusedAdmin }, at: number): void {
    const count = one.unreported
    one.unreported = 0
    one.at = at
    emit({ kind: 'admin.refused', ...one.newest, count })
  }

  return {
    note(refused: RefusedAdmin): void {
      const at = now()
      const group = addressGroup(refused.ip)
      const isRoom = seen.has(group) || seen.size < mostAddresses
      const key = isRoom ? group : others
      const newest = isRoom ? refused : { ...refused, ip: others }
      const one = seen.get(key) ?? { at: Number.NEGATIVE_INFINITY, unreported: 0, newest }
      seen.set(key, one)
      one.unreported += 1
      one.newest = newest
      if (Math.abs(at - one.at) >= reportEveryMs) report(one, at)
    },
    /** Reports what is due, and forgets addresses that have been quiet. */
    step(): void {
      const at = now()
      for (const [key, one] of seen) {
        if (Math.abs(at - one.at) < reportEveryMs) continue
        if (one.unreported > 0) report(one, at)
        else seen.delete(key)
      }
    },
    /** Reports all that was not reported. */
    end(): void {
      for (const one of seen.values()) if (one.unreported > 0) report(one, now())
    },
  }
}
