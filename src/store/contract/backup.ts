export interface BackupOptions {
  /** Whether a file that is there already may be replaced. */
  readonly force: boolean
  readonly onProgress?: (progress: BackupProgress) => void
  /** Ends the copying; nothing is left behind. */
  readonly signal?: AbortSignal
}

export interface BackupProgress {
  readonly phase: 'copy' | 'check'
  /** How much of the phase is done, 0 to 1. */
  readonly share: number
}

export interface Backup {
  /** Where it is, as an absolute path. */
  readonly file: string
  readonly bytes: number
  /** Number of its newest migration. */
  readonly schema: number
}
