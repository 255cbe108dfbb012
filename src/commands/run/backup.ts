import { loadConfigOrSandbox } from '../../sandbox/mode.ts'
import type { BackupProgress } from '../../store/contract/backup.ts'
import { backupStore } from '../../store/open.ts'
import { interruption } from '../shared/interruption.ts'
import type { CommandOptions } from '../shared/options.ts'
import { createProgress } from '../shared/progress.ts'
import { print } from '../shared/report.ts'
import { onStore } from '../shared/uses.ts'

interface BackupCommandOptions extends CommandOptions {
  readonly file: string
  readonly force: boolean
}

/** Copies the database of a running relay into one checked file. Ctrl-C leaves nothing behind. */
export async function backup({ file, force, json, ...options }: BackupCommandOptions): Promise<void> {
  const { config } = await loadConfigOrSandbox(options.config, options.env, onStore)
  using interrupted = interruption()
  using progress = createProgress({ json })
  const { signal } = interrupted
  const onProgress = ({ phase, share }: BackupProgress) =>
    progress.show(phase === 'copy' ? `copying ${Math.floor(share * 100)} %` : 'checking')
  const done = await backupStore(config.store, file, { force, signal, onProgress })
  progress.show('')
  print(done, { json, text: () => `${done.file}: ${megabytesOf(done.bytes)} MB, checked` })
}

function megabytesOf(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
