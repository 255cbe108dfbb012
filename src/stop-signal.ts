/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once: what is kept is on disk. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) {
        process.off(name, stop)
        process.on(name, () => process.exit(130))
      }
      resolve(signal)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
