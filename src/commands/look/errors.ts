import { presentEventErrors, presentItemErrors, presentRefusals } from '../../api/errors.ts'
import { defined } from '../../api/input.ts'
import { expectKnown } from '../shared/expect-known.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { table } from '../shared/table.ts'
import { withStore } from '../shared/with-store.ts'

interface ErrorsOptions extends CommandOptions {
  readonly source?: string
  readonly destination?: string
  readonly since?: number
  readonly limit: number
}

/** What is wrong, by cause: errors of events that failed or wait, webhooks that a limit has refused, and of items that are dead or tried again. */
export async function showErrors({
  source,
  destination,
  since,
  limit,
  json,
  ...options
}: ErrorsOptions): Promise<void> {
  const found = await withStore(options, async (store, config) => {
    await expectKnown(store, config, defined({ source, destination }))
    return {
      events: destination === undefined ? await store.groupEventErrors(defined({ source, since }), limit) : [],
      webhooks: destination === undefined ? await store.groupRefusals(defined({ source, since }), limit) : [],
      items: await store.groupItemErrors(defined({ source, destination, since }), limit),
    }
  })
  const report = {
    events: found.events.map(presentEventErrors),
    items: found.items.map(presentItemErrors),
    webhooks: found.webhooks.map(presentRefusals),
  }
  print(report, {
    json,
    text: () => {
      if (report.events.length + report.items.length + report.webhooks.length === 0) return 'no errors'
      const rows = [
        ...report.events.map((row) => ['events', row.source, ...columnsOf(row)]),
        ...report.webhooks.map((row) => ['webhooks', row.source, ...columnsOf(row)]),
        ...report.items.map((row) => ['items', row.destination, ...columnsOf(row)]),
      ]
      return table([
        ['WHAT', 'OF', 'STATUS', 'COUNT', 'LAST', 'EXAMPLE', 'ERROR'],
        ...rows.map((row) => row.map(String)),
      ])
    },
  })
}

type Shown = ReturnType<typeof presentEventErrors | typeof presentItemErrors | typeof presentRefusals>

function columnsOf({ status, count, last_at, example, error }: Shown): readonly unknown[] {
  return [status, count, last_at, example ?? '', error]
}
