export interface StopSignalOptions {
  /** Whether the end of the terminal ends the process. Elsewhere SIGHUP is handed to `onHangup`. */
  readonly isOfTerminal?: boolean
  readonly onHangup?: () => void
}

/** How soon the end of `npm start` is noticed. */
const parentCheckMs = 500

/**
 * Resolves at the first SIGTERM, SIGINT or SIGUSR2, at SIGHUP if the process belongs to a terminal that was closed, and once the
 * shell of an npm script is gone: npm hands a signal to that shell alone. A second signal ends the process at once: what is kept
 * is on disk. SIGUSR1 does nothing; by itself Node would open a debugger for it.
 */
export function stopSignal(options: StopSignalOptions = {}): Promise<string> {
  const { isOfTerminal = process.stdin.isTTY === true, onHangup = () => {} } = options
  const stopping = ['SIGTERM', 'SIGINT', 'SIGUSR2', ...(isOfTerminal ? (['SIGHUP'] as const) : [])] as const
  for (const name of [...stopping, 'SIGHUP', 'SIGUSR1'] as const) process.removeAllListeners(name)
  process.on('SIGUSR1', () => {})
  if (!isOfTerminal) process.on('SIGHUP', onHangup)
  return new Promise((resolve) => {
    let isStopping = false
    for (const name of stopping) {
      process.on(name, () => {
        if (isStopping) process.exit(130)
        isStopping = true
        resolve(name)
      })
    }
    if (process.env['npm_lifecycle_event'] === undefined) return
    const parent = process.ppid
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      resolve('end of the npm script')
    }, parentCheckMs).unref()
  })
}
