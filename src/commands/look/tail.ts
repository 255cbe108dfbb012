import { setTimeout } from 'node:timers/promises'
import { escapeText } from '../../domain/printable.ts'
import { interruption } from '../shared/interruption.ts'
import type { CommandOptions } from '../shared/options.ts'
import { findAccess } from '../shared/relay-access.ts'
import { printPart } from '../shared/report.ts'
import { openRunningRelay } from '../shared/running-relay.ts'
import { followSignals } from './follow-signals.ts'
import { toldSignalLine } from './told-signal.ts'

interface TailOptions extends CommandOptions {
  readonly url?: string
  readonly token?: string
  readonly source?: string
  readonly destination?: string
  readonly type?: readonly string[]
}

/** Shows what happens at a running relay, as it happens, until Ctrl-C or until nobody reads it any more. */
export async function tail({ source, destination, type, json, ...options }: TailOptions): Promise<void> {
  await using relay = await openRunningRelay(await findAccess(options))
  using interrupted = interruption()
  using output = closing(process.stdout)
  const wanted = { source, destination, type: type?.join(',') }
  await followSignals({
    relay,
    query: Object.fromEntries(Object.entries(wanted).flatMap(([name, value]) => (value ? [[name, value]] : []))),
    signal: AbortSignal.any([interrupted.signal, output.signal]),
    async onEvent(event) {
      const data = JSON.parse(event.data)
      if (event.type === 'stream.gap') {
        const words = 'some signals are gone: the relay has started anew, or keeps no more'
        return printPart(json ? { json: `${JSON.stringify({ type: event.type, data })}\n` } : { lines: [words] })
      }
      await printPart(json ? { json: `${event.data}\n` } : { lines: [toldSignalLine(data)] })
    },
    onOpen() {
      if (!json && process.stderr.isTTY) process.stderr.write(`following ${relay.url}, Ctrl-C ends it\n`)
    },
    onLost(reason) {
      if (!json) process.stderr.write(`cms-relay: ${escapeText(reason)}; trying again\n`)
    },
    wait: async (ms, signal) => void (await setTimeout(ms, undefined, { signal }).catch(() => {})),
  })
}

/** Aborts once nobody reads the output any more, as behind `| head`. */
function closing(output: NodeJS.WriteStream): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const abort = () => controller.abort()
  output.once('error', abort).once('close', abort)
  return { signal: controller.signal, [Symbol.dispose]: () => void output.off('error', abort).off('close', abort) }
}
