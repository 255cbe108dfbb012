/** One line on a terminal's standard error that is written over; nothing elsewhere, or beside JSON. */
export interface Progress extends Disposable {
  show(text: string): void
}

export function createProgress({ json }: { readonly json: boolean }): Progress {
  const write = (text: string) => {
    if (process.stderr.isTTY && !json) process.stderr.write(`\r\u001b[K${text}`)
  }
  return { show: write, [Symbol.dispose]: () => write('') }
}
