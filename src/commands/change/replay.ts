import { expectKnown } from '../shared/expect-known.ts'
import { print } from '../shared/report.ts'
import { withStore } from '../shared/with-store.ts'
import { describeBulk, failCancelled, presentResult, runBulk } from './bulk.ts'
import { namedIn, type ReplayOptions, selectionOf } from './event-options.ts'
import { showPreviews } from './preview.ts'

/** Puts events back to pending; a running relay finds them within seconds. Needs a filter: nothing replays all by accident. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { filter, limit } = selectionOf(options)
  if (options.diff) return showPreviews(options)
  const result = await withStore(options, async (store, config) => {
    await expectKnown(store, config, namedIn(options))
    return runBulk(options, {
      choose: () => store.chooseEvents('replay', filter, limit),
      all: () => store.replayEvents(filter, limit),
      some: (ids) => store.replayEvents({ ...filter, ids }, ids.length),
    })
  })
  const text = () => describeBulk('events', 'go through the mapper again', result)
  print(presentResult('replayed', result), { json: options.json, text })
  failCancelled('events', result)
}
