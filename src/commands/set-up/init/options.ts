import { defined } from '../../../api/input.ts'
import type { Environment } from '../../../config/substitute.ts'
import { readInputFile } from '../../shared/input.ts'

/** What the command line of `init` says. What it leaves out is asked for at a terminal. */
export interface InitOptions {
  /** Name of the mapper. */
  readonly mapper?: string | undefined
  /** Host of the public site. */
  readonly site?: string
  /** Name of the source; left out, that of the mapper. */
  readonly source?: string
  /** With `add`, the destination that the items go to. */
  readonly destination?: string
  readonly token?: string
  readonly websiteId?: string
  readonly baseUrl?: string
  readonly secret: readonly string[]
  readonly publicKey?: string
  readonly apiUrl?: string
  readonly apiToken?: string
  readonly var: readonly string[]
  readonly model: readonly string[]
  readonly publicUrl?: string
  readonly port?: number
  readonly output: string
  readonly add: boolean
  readonly force: boolean
  /** Whether nothing is asked. */
  readonly yes: boolean
  /** Whether there is somebody to ask. */
  readonly isTerminal: boolean
  readonly env: Environment
}

/**
 * The options with what standard input says in place of each `-`, a line each: a command line is seen by everybody on the machine.
 * At a terminal such a value is asked for.
 */
export function withInput(options: InitOptions): InitOptions {
  const { token, apiToken, secret, isTerminal } = options
  const given = [token, ...secret, apiToken]
  if (!given.includes('-')) return options
  const lines = isTerminal ? [] : readInputFile('-').toString('utf8').split(/\r?\n/)
  const lineFor = (text: string | undefined) => (text === '-' ? lines.shift() : text)
  const { token: _token, apiToken: _apiToken, ...rest } = options
  return {
    ...rest,
    ...defined({ token: lineFor(token) }),
    secret: secret.flatMap((text) => lineFor(text) ?? []),
    ...defined({ apiToken: lineFor(apiToken) }),
  }
}
