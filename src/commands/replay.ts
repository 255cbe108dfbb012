import { describeBulk, failCancelled, presentBulk, runBulk } from './bulk.ts'
import { showDifferences } from './differences.ts'
import { type ReplayOptions, selectionOf } from './event-options.ts'
import { print } from './report.ts'
import { withStore } from './with-store.ts'

/** Puts events back to pending; a running relay finds them within seconds. Needs a filter: nothing replays all by accident. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { filter, limit } = selectionOf(options)
  if (options.diff) return showDifferences(options)
  const result = await withStore(options, (store) =>
    runBulk(options, {
      choose: () => store.chooseEvents('replay', filter, limit),
      all: () => store.replayEvents(filter, limit),
      some: (ids) => store.replayEvents({ ...filter, ids }, ids.length),
    }),
  )
  const text = () => describeBulk('events', 'go through the mapper again', result)
  print(presentBulk('replayed', result), { json: options.json, text })
  failCancelled('events', result)
}
