import { randomUUID } from 'node:crypto'
import { readDotEnv } from '../../config/dot-env.ts'
import { findConfigFile } from '../../config/load.ts'
import type { Environment } from '../../config/substitute.ts'
import { sign } from '../../ingest/signer.ts'
import { UsageError } from '../shared/failure.ts'
import { readInputFile } from '../shared/input.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'

interface SignOptions extends Omit<CommandOptions, 'config'> {
  readonly token?: string
  readonly websiteId?: string
  readonly path: string
  readonly input: string
  readonly timestamp?: number
  readonly nonce?: string
}

/** Prints the headers that sign a body, to compare another implementation with, or to call by hand. */
export function signCall(options: SignOptions): void {
  const { path, input, timestamp, nonce = randomUUID(), env } = options
  const known: Environment = { ...readDotEnv(findConfigFile(undefined, env)).values, ...env }
  const token = options.token ?? known['BAINQUET_CONNECTOR_TOKEN']
  const websiteId = options.websiteId ?? (known['BAINQUET_WEBSITE_ID'] || undefined)
  if (!token) throw new UsageError('give --token, or set BAINQUET_CONNECTOR_TOKEN')
  if (websiteId === undefined) throw new UsageError('give --website-id, or set BAINQUET_WEBSITE_ID')
  const timestampSec = timestamp ?? Math.floor(Date.now() / 1000)
  // Authorization is left out: it is the token itself, and what is printed ends up in terminals and logs.
  const { Authorization: _token, ...headers } = sign({
    token,
    websiteId,
    path,
    body: readInputFile(input),
    timestampSec,
    nonce,
  })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  print(headers, { json: options.json, text: () => lines.join('\n') })
}
