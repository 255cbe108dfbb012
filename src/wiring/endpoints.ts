import { ConfigError } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Issue } from '../config/substitute.ts'
import { messageOf, RelayError } from '../domain/errors.ts'
import { createPostClient } from '../http-client/post.ts'
import type { Endpoint } from '../stages/notify/notify.ts'

/** Where the operator wants to be told of signals. Throws RelayError `invalid` with every url that is never asked. */
export function composeEndpoints(
  { signals }: Pick<Config, 'signals'>,
  now: () => number = Date.now,
): readonly Endpoint[] {
  const issues: Issue[] = []
  const endpoints = signals.flatMap(
    ({ url, secret, types, allow_private: allowPrivate, timeout: timeoutMs }, index) => {
      const name = `signals[${index}]`
      try {
        const client = createPostClient({ url, allowPrivate, timeoutMs, now })
        return [{ name, types: new Set(types), secrets: [secret].flat(), client, timeoutMs }]
      } catch (error) {
        if (!(error instanceof RelayError)) throw error
        issues.push({ path: `${name}.url`, message: messageOf(error) })
        return []
      }
    },
  )
  if (issues.length > 0) throw new ConfigError('configuration', issues)
  return endpoints
}
