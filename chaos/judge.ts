import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createSandbox } from '../src/sandbox/sandbox.ts'
import { type Content, checksumOf } from './checksum.ts'
import type { JudgeFault, Plan } from './plan.ts'
import type { Random } from './random.ts'
import { poisonId, type Save } from './traffic.ts'

export const token = 'con_chaos.destination-secret'
export const websiteId = 'site_chaos'

/** What may not happen. Each entry says what and where. */
export interface Verdicts {
  readonly twice: string[]
  readonly stale: string[]
  readonly resurrected: string[]
  readonly reusedKeys: string[]
  readonly refused: string[]
  /** Content that nobody has saved, or a checksum that is not its own. */
  readonly corrupt: string[]
}

export interface Judge {
  readonly baseUrl: string
  readonly verdicts: Verdicts
  /** What the API holds: the text of each live item. */
  readonly held: ReadonlyMap<string, string>
  /** An operator asks for all items of a type once more: that they come again is right, and answers what has to come. */
  redelivering(type: string): readonly string[]
  /** Those of these items that no call has brought since then. */
  missing(ids: readonly string[]): readonly string[]
  readonly calls: () => number
  /** From now on faults happen as planned. */
  begin(): void
  /** From now on every call is judged, and nothing else. */
  relent(): void
  close(): Promise<void>
}

interface Item extends Content {
  readonly id: string
  readonly checksum: string
}

/**
 * An ingest API that misbehaves on a plan and keeps the books: the sandbox judges each call that gets through (signature,
 * clock, nonce, key, schema, checksum), and what it takes is compared with what the CMS has said.
 */
export async function startJudge(
  plan: Plan,
  saves: ReadonlyMap<string, readonly Save[]>,
  random: Random,
): Promise<Judge> {
  let startedAt = Number.POSITIVE_INFINITY
  let isOver = false
  let calls = 0
  const sandbox = createSandbox({ token, websiteId, siteDomain: 'example.com', now: () => Date.now() + clockOffset() })
  const verdicts: Verdicts = { twice: [], stale: [], resurrected: [], reusedKeys: [], refused: [], corrupt: [] }
  const held = new Map<string, string>()
  /** By item, the checksum of what it was taken with last. */
  const sums = new Map<string, string>()
  /** How often an item may come again because an operator has asked for it. */
  const askedFor = new Map<string, number>()
  /** Items that were asked for and have not come since. */
  const outstanding = new Set<string>()
  const highest = new Map<string, number>()
  const removed = new Set<string>()
  const bodies = new Map<string, string>()
  /** Keys whose call may have been applied without the relay knowing. */
  const unclear = new Set<string>()
  const tries = new Map<string, number>()
  /** Under which keys the relay may not know of items that were taken. */
  const takenUnclear = new Map<string, string[]>()

  const stepsClocks =
    plan.judge.some(({ fault }) => fault.startsWith('clock')) || plan.process.some(({ kind }) => kind === 'clock')

  const elapsed = () => performance.now() - startedAt
  const active = () => (isOver ? [] : plan.judge.filter(({ fromMs, toMs }) => elapsed() >= fromMs && elapsed() < toMs))
  const isActive = (fault: JudgeFault) => active().some((window) => window.fault === fault)

  function clockOffset(): number {
    return isActive('clock ahead') ? 600_000 : isActive('clock behind') ? -600_000 : 0
  }

  function faultOf(): JudgeFault | null {
    return active().find(({ share }) => random.next() < share)?.fault ?? null
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = faultOf()
    if (fault === 'connection reset before reading') return void request.socket.destroy()
    const body = await buffer(request)
    calls += 1
    const key = String(request.headers['idempotency-key'])
    const text = body.toString()
    if ((bodies.get(key) ?? text) !== text) verdicts.reusedKeys.push(`${key} came with other bytes`)
    bodies.set(key, text)
    tries.set(key, (tries.get(key) ?? 0) + 1)

    const early = refusalOf(fault, key, text)
    if (early) return send(response, early)
    if (fault === 'slow') await sleep(300)
    if (fault === 'no answer') return // and the relay will wait in vain
    if (hasPoison(text)) return poisoned(request, response)

    const answer = await judge(request, body, fault)
    // On a busy machine the relay may have stopped waiting.
    const isLate = request.socket.destroyed
    if (isLate) unclear.add(key)
    if (isLate || fault?.endsWith('after applying'))
      for (const id of idsIn(text)) takenUnclear.set(id, [...(takenUnclear.get(id) ?? []), key])
    if (fault === 'connection reset after applying') {
      unclear.add(key)
      return void request.socket.destroy()
    }
    if (fault === 'no answer after applying') return void unclear.add(key)
    if (fault === '500 after applying') {
      unclear.add(key)
      return send(response, problem(500, 'internal', true))
    }
    if (fault === 'answer cut off after applying') {
      unclear.add(key)
      response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) })
      response.write(answer.body.slice(0, answer.body.length / 2))
      return void setTimeout(() => request.socket.destroy(), 10)
    }
    send(response, answer)
  }

  function poisoned(request: IncomingMessage, response: ServerResponse): void {
    if (plan.poisonAnswer === 'reset') return void request.socket.destroy()
    send(
      response,
      plan.poisonAnswer === '500' ? problem(500, 'internal', true) : problem(400, 'validation.failed', false),
    )
  }

  /** What is answered without judging. A key is refused only while it is sure that nothing was taken under it. */
  function refusalOf(fault: JudgeFault | null, key: string, text: string): Answer | null {
    switch (fault) {
      case 'HTML with 200':
        return html(200)
      case 'HTML with 400':
        return html(400)
      case 'HTML with 403':
        return html(403)
      case 'HTML with 502':
        return html(502)
      case '429 with seconds':
        return problem(429, 'rate_limited', true, { 'retry-after': '1' })
      case '429 with a date':
        return problem(429, 'rate_limited', true, { 'retry-after': new Date(Date.now() + 1_000).toUTCString() })
      case '500':
        return problem(500, 'internal', true)
      case '503 with Retry-After':
        return problem(503, 'unavailable', true, { 'retry-after': '1' })
      case '401':
        return problem(401, 'auth.invalid_token', false)
      case '403':
        return problem(403, 'auth.forbidden', false)
      case '409 on the key':
        return unclear.has(key) ? null : problem(409, 'idempotency.key_reused', false)
      case '413 above three items':
        return itemsIn(text).length > 3 && !unclear.has(key) ? problem(413, 'validation.body_too_large', false) : null
      default:
        return null
    }
  }

  async function judge(request: IncomingMessage, body: Buffer, fault: JudgeFault | null): Promise<Answer> {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const injected = await sandbox.app.inject({ method: 'POST', url: request.url!, headers, payload: body })
    const answer = { status: injected.statusCode, headers: plainHeaders(injected.headers), body: injected.body }
    if (injected.statusCode !== 200) {
      // A clock that steps, here or there, is noticed by such a refusal.
      const isExpected = stepsClocks && /timestamp_out_of_range/.test(injected.body)
      if (!isExpected) verdicts.refused.push(injected.body.slice(0, 200))
      return answer
    }
    if (injected.headers['idempotent-replayed'] === 'true') return answer
    if (request.url!.endsWith('/heartbeat')) return answer
    note(JSON.parse(body.toString()))
    return fault === 'items fail, retryable' ? failing(answer) : answer
  }

  /** The relay is told that items have failed which the API has taken: the next call with them must do no harm. */
  function failing(answer: Answer): Answer {
    const envelope = JSON.parse(answer.body)
    for (const result of envelope.data.results) {
      if (!random.chance(0.5)) continue
      result.status = 'failed'
      result.error = { code: 'item.busy', message: 'try again', retryable: true }
      failedThough.add(result.id)
    }
    return { ...answer, body: JSON.stringify(envelope) }
  }
  const failedThough = new Set<string>()

  /** A call that fails time and again goes on in others, with new keys; the API says that it has the items, and takes them once. */
  function wasTakenApart(id: string): boolean {
    return (takenUnclear.get(id) ?? []).some((key) => tries.get(key)! >= triesBeforeApart)
  }

  function mayComeAgain(id: string): boolean {
    const asked = askedFor.get(id) ?? 0
    if (asked > 0) askedFor.set(id, asked - 1)
    return asked > 0 || failedThough.delete(id) || wasTakenApart(id)
  }

  function note(sent: { item?: Item; items?: Item[]; ids?: string[] }): void {
    for (const id of sent.ids ?? []) {
      outstanding.delete(id)
      if (removed.has(id) && !mayComeAgain(id)) verdicts.twice.push(`${id} was removed twice`)
      removed.add(id)
      held.delete(id)
      sums.delete(id)
    }
    for (const item of sent.items ?? (sent.item ? [sent.item] : [])) {
      const { id, text = '' } = item
      outstanding.delete(id)
      const sum = checksumOf(item)
      if (sum !== item.checksum)
        verdicts.corrupt.push(`${id} has the checksum ${item.checksum}, and should have ${sum}`)
      if (sums.get(id) === sum && !mayComeAgain(id)) verdicts.twice.push(`${id} came twice with "${text}"`)
      const before = highest.get(id) ?? 0
      const history = saves.get(id) ?? []
      const removal = removed.has(id) ? history.find((save) => !save.live && save.version > before) : undefined
      // The same text may be that of several saves: it counts as the one that it may be.
      const likely = history.filter((save) => save.live && save.text === text).map((save) => save.version)
      const version =
        likely.find((one) => one > (removal?.version ?? 0) && one >= before) ??
        likely.find((one) => one >= before) ??
        likely.at(-1)
      if (version === undefined) {
        verdicts.corrupt.push(`${id} has the text "${text}", which nobody has saved`)
        continue
      }
      if (version < before) verdicts.stale.push(`${id} went from ${before} to ${version}`)
      if (removal && version < removal.version) {
        verdicts.resurrected.push(`${id} was removed with ${removal.version} and came back as ${version}`)
      }
      highest.set(id, Math.max(before, version))
      removed.delete(id)
      held.set(id, text)
      sums.set(id, sum)
    }
  }

  const { server, port } = await listen((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    if (isActive('connection refused')) socket.destroy()
  })

  return {
    baseUrl: `http://127.0.0.1:${port}/v1/ingest`,
    verdicts,
    held,
    calls: () => calls,
    redelivering(type) {
      const ids = [...held.keys(), ...removed].filter((id) => id.startsWith(`${type}:`))
      for (const id of saves.keys()) {
        if (id.startsWith(`${type}:`)) askedFor.set(id, (askedFor.get(id) ?? 0) + 1)
      }
      for (const id of ids) outstanding.add(id)
      return ids
    },
    missing: (ids) => ids.filter((id) => outstanding.has(id)),
    begin: () => {
      startedAt = performance.now()
    },
    relent: () => {
      isOver = true
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await sandbox.close()
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function problem(status: number, code: string, retryable: boolean, headers: Record<string, string> = {}): Answer {
  const error = { code, message: code, status, retryable, requestId: 'req_chaos', details: {} }
  const body = JSON.stringify({ ok: false, error })
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body }
}

function html(status: number): Answer {
  return { status, headers: { 'content-type': 'text/html' }, body: '<html><body>Welcome</body></html>' }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body)
}

function plainHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const { 'content-length': _length, 'transfer-encoding': _encoding, connection: _connection, ...rest } = headers
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]))
}

function itemsIn(text: string): readonly unknown[] {
  const { items, ids, item } = JSON.parse(text) as { items?: unknown[]; ids?: unknown[]; item?: unknown }
  return items ?? ids ?? [item]
}

/** Five, but for one that was reset before the judge could read its key. */
const triesBeforeApart = 4

function idsIn(text: string): readonly string[] {
  return itemsIn(text).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : ((entry as Item | undefined)?.id ?? []),
  )
}

function hasPoison(text: string): boolean {
  return text.includes(`"${poisonId}"`)
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
