/** Aborts at Ctrl-C (or SIGTERM), so that a command can end well. A second one ends the process as ever. */
export function interruption(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const abort = () => {
    release()
    controller.abort()
  }
  const release = () => {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
  process.on('SIGINT', abort)
  process.on('SIGTERM', abort)
  return { signal: controller.signal, [Symbol.dispose]: release }
}
