import { closeSync, openSync } from 'node:fs'

export interface StopSignalOptions {
  /** Whether SIGHUP always ends the process. Else it is handed to `onHangup`, unless it says that the terminal was closed. */
  readonly isOfTerminal?: boolean
  readonly onHangup?: () => void
}

/** How soon the end of `npm start` is noticed. */
const parentCheckMs = 500

/**
 * Resolves at the first SIGTERM, SIGINT or SIGUSR2, at SIGHUP if the terminal of the process was closed, and once the
 * shell of an npm script is gone: npm hands a signal to that shell alone. A second signal ends the process at once: what is kept
 * is on disk. SIGUSR1 does nothing; by itself Node would open a debugger for it.
 */
export function stopSignal({ isOfTerminal = false, onHangup = () => {} }: StopSignalOptions = {}): Promise<string> {
  const stopping = ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const
  for (const name of [...stopping, 'SIGHUP', 'SIGUSR1'] as const) process.removeAllListeners(name)
  process.on('SIGUSR1', () => {})
  return new Promise((resolve) => {
    let isStopping = false
    function stop(name: string): void {
      if (isStopping) process.exit(130)
      isStopping = true
      resolve(name)
    }
    for (const name of stopping) process.on(name, stop)
    process.on('SIGHUP', () => {
      if (isOfTerminal || (process.stdin.isTTY && !hasTerminal())) stop('SIGHUP')
      else if (!isStopping) onHangup()
    })
    if (process.env['npm_lifecycle_event'] === undefined) return
    const parent = process.ppid
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      resolve('end of the npm script')
    }, parentCheckMs).unref()
  })
}

/** A terminal that was closed is taken from its processes before they are told. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
