import { defined } from '../../api/input.ts'
import { presentMoved } from '../../api/items.ts'
import type { Config } from '../../config/schema.ts'
import { moveBetween } from '../../stages/operate/move.ts'
import { expectKnown } from '../shared/expect-known.ts'
import { type CommandOptions, type ItemFilterOptions, itemFilterIn } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'

interface MoveOptions extends CommandOptions, ItemFilterOptions {
  readonly from: string
  readonly to: string
  readonly limit: number
  readonly dryRun: boolean
}

/** Moves items from one destination to another: after it was renamed, or to give its website up for another. */
export async function move(options: MoveOptions): Promise<void> {
  const { from, to, limit, dryRun, json } = options
  const filter = itemFilterIn(options)
  const moved = await withStore(options, async (store, config: Config) => {
    const { id: item, source } = options
    await expectKnown(store, config, defined({ destination: from, item, source }))
    return moveBetween(store, config, { from, to, filter, limit, dryRun })
  })
  print(presentMoved(dryRun, moved), { json, text: () => textOf(moved, options) })
}

function textOf(
  { moved, superseded, mapped_again, left, busy }: Awaited<ReturnType<typeof moveBetween>>,
  { from, to, dryRun }: MoveOptions,
): string {
  const [did, were] = dryRun ? ['would go', 'would be'] : ['have gone', 'were']
  return [
    `${moved} items ${did} from '${from}' to '${to}', to be delivered there`,
    ...(superseded > 0 ? [`${superseded} ${were} dropped: '${to}' knows a newer one`] : []),
    ...(mapped_again > 0
      ? [`${mapped_again} ${were} mapped again from their events: their urls are on another host`]
      : []),
    ...(left > 0
      ? [
          `${left} stay: their urls are on a host that is neither site_domain nor an alias of '${to}', and their events are gone or of a source that does not send there. Save them in the CMS, or add the host to destinations.${to}.aliases`,
        ]
      : []),
    ...(busy > 0 ? [`${busy} stay for now: a call or an operator holds what the other side has of them`] : []),
    ...(dryRun ? ['nothing was done'] : []),
  ].join('\n')
}
