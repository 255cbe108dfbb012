import { findConfigFile, loadConfig } from '../config/load.ts'
import type { Environment } from '../config/substitute.ts'
import { type BackupProgress, backupStore } from '../store/open.ts'
import { interruption } from './interruption.ts'
import { print } from './report.ts'

export interface BackupCommandOptions {
  readonly file: string
  readonly force: boolean
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Copies the database of a running relay into one checked file. Ctrl-C leaves nothing behind. */
export async function backup({ file, force, json, ...options }: BackupCommandOptions): Promise<void> {
  const { config } = loadConfig(findConfigFile(options.config, options.env), options.env)
  using interrupted = interruption()
  const show = process.stderr.isTTY && !json ? showProgress : undefined
  const done = await backupStore(config.store, file, {
    force,
    signal: interrupted.signal,
    ...(show && { onProgress: show }),
  })
  if (show) process.stderr.write('\r\u001b[K')
  print(done, { json, text: () => `${done.file}: ${megabytesOf(done.bytes)} MB, checked` })
}

function showProgress({ phase, share }: BackupProgress): void {
  const text = phase === 'copy' ? `copying ${Math.floor(share * 100)} %` : 'checking'
  process.stderr.write(`\r\u001b[K${text}`)
}

function megabytesOf(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
