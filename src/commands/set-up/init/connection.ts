import type { EnvLine } from '../../../config/env-file.ts'
import { sandboxIdentity } from '../../../config/sandbox-identity.ts'
import type { Environment } from '../../../config/substitute.ts'
import type { InitOptions } from './options.ts'
import type { Ask } from './questions.ts'
import { valuesOf, wantedOfRelay } from './values.ts'

export interface Connection {
  readonly lines: readonly EnvLine[]
  /** Of the ingest API, if it is not the usual one. */
  readonly baseUrl: string | null
  /** Whether `cms-relay sandbox` takes the place of the ingest API. */
  readonly toSandbox: boolean
}

export interface ConnectionOptions {
  /** Whether there is a new destination. */
  readonly isNew: boolean
  /** Whether the whole configuration is new, so that it needs an admin token. */
  readonly isWhole: boolean
  readonly dotEnv: Environment
  readonly ask: Ask | null
}

const whereFrom = `
The items go to the ingest API of bAInquet. Its dashboard shows the connector
token, once, and the id of the website. None yet? Type sandbox to try it with
\`npx cms-relay sandbox\` in its place.`

/** How the ingest API is called, and the relay by its operator. */
export async function connectionOf(
  options: InitOptions,
  { isNew, isWhole, dotEnv, ask }: ConnectionOptions,
): Promise<Connection> {
  const { token, websiteId, adminToken } = wantedOfRelay(options)
  const own = isWhole ? [adminToken] : []
  if (!isNew) return { lines: await valuesOf(own, dotEnv, options.env, ask), baseUrl: null, toSandbox: false }
  if (!dotEnv[token.name] && token.given === undefined) ask?.say(whereFrom)
  const [first] = await valuesOf([token], dotEnv, options.env, ask)
  const baseUrl = options.baseUrl ?? null
  if (first?.value !== 'sandbox') {
    const rest = await valuesOf([websiteId, ...own], dotEnv, options.env, ask)
    return { lines: [first!, ...rest], baseUrl, toSandbox: false }
  }
  const lines = [
    { ...first, value: sandboxIdentity.token },
    { name: websiteId.name, meaning: websiteId.meaning, value: sandboxIdentity.websiteId },
    ...(await valuesOf(own, dotEnv, options.env, ask)),
  ]
  return { lines, baseUrl: baseUrl ?? 'http://127.0.0.1:8081/v1/ingest', toSandbox: true }
}
