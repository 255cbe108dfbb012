import { presentEventPreview } from '../../api/previews.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { countText } from '../../observe/terminal/line.ts'
import {
  createPreviewEvent,
  type EventPreview,
  isChange,
  type PreviewEvent,
  type PreviewResult,
} from '../../stages/operate/preview-event.ts'
import type { Operating } from '../../store/contract/operating.ts'

import { composeMappings } from '../../wiring/sources.ts'
import { expectKnown } from '../shared/expect-known.ts'
import { targetsOf } from '../shared/map-targets.ts'
import { createProgress } from '../shared/progress.ts'
import { print, printPart } from '../shared/report.ts'
import { shortText } from '../shared/short-text.ts'
import { forMapping } from '../shared/uses.ts'
import { withStore } from '../shared/with-store.ts'
import { filterOf, namedIn, type ReplayOptions, selectionOf } from './event-options.ts'

/** Shows what replaying events would change now, and changes nothing. Events that are named are all shown, of others those that differ. */
export async function showPreviews(options: ReplayOptions): Promise<void> {
  await withStore({ ...options, uses: forMapping }, async (store, config) => {
    const sources = await composeMappings(config)
    const bodyLimit = config.server.body_limit
    const deps = { store, sources, destinations: targetsOf(config), bodyLimit, now: Date.now }
    await expectKnown(store, config, namedIn(options))
    const preview = createPreviewEvent(deps)
    const isNamed = options.last === undefined && Object.keys(filterOf(options)).every((key) => key === 'ids')
    await (isNamed ? showNamed(preview, options) : showChosen(preview, store, options))
  })
}

async function showNamed(preview: PreviewEvent, { ids, json }: ReplayOptions): Promise<void> {
  const previews: EventPreview[] = []
  for (const id of ids) previews.push(await preview(id))
  print(previews.map(presentEventPreview), {
    json,
    text: () => previews.flatMap((one, at) => [...(at > 0 ? [''] : []), ...linesOf(one)]),
  })
}

/** One event after the other, each printed as soon as it is known: there may be many, and each may be large. */
async function showChosen(
  preview: PreviewEvent,
  store: Pick<Operating, 'chooseEvents'>,
  options: ReplayOptions,
): Promise<void> {
  const { json } = options
  const { filter, limit } = selectionOf(options)
  const { matching, ids } = await store.chooseEvents('replay', filter, limit)
  const counts: Record<PreviewResult, number> = { same: 0, changed: 0, fails: 0, skipped: 0, not_compared: 0 }
  const reasons = new Map<string, number>()
  using progress = createProgress({ json })
  if (json) await printPart({ json: '{\n"events": [' })
  for (const [index, id] of ids.entries()) {
    progress.show(`${index} of ${countText(ids.length, 'event')} compared`)
    const one = await previewKept(preview, id)
    counts[one.result] += 1
    if (one.result === 'not_compared') {
      const reason = 'reason' in one ? one.reason : 'the CMS would have to be asked for their records'
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    if (json) await printPart({ json: `${index > 0 ? ',' : ''}\n${JSON.stringify(presentKept(one))}` })
    else if ('changes' in one && isShown(one)) {
      progress.show('')
      await printPart({ lines: [...linesOf(one, isChange), ''] })
    }
  }
  progress.show('')
  const summary = { events: ids.length, matching, ...counts }
  if (json) return printPart({ json: `\n],\n"summary": ${JSON.stringify(summary)}\n}\n` })
  const { same, changed, fails, skipped, not_compared: others } = counts
  const rest = matching > ids.length ? ` (${matching} match; --limit)` : ''
  await printPart({
    lines: [
      `${countText(ids.length, 'event')}${rest}: ${same} same, ${changed} changed, ${fails} fail now, ${skipped} skipped now, ${others} not compared; nothing was done`,
      ...[...reasons].map(([reason, count]) => `  ${count} not compared: ${reason}`),
    ],
  })
}

/** An event that can't be compared says why, and the others are. */
type Kept = EventPreview | { readonly eventId: string; readonly result: 'not_compared'; readonly reason: string }

async function previewKept(preview: PreviewEvent, eventId: string): Promise<Kept> {
  try {
    return await preview(eventId)
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    // Its source is not configured any more, or the relay has meanwhile forgotten it.
    const reason = error.code === 'not_found' ? 'they are not kept any more' : messageOf(error)
    return { eventId, result: 'not_compared', reason }
  }
}

function presentKept(one: Kept): Record<string, unknown> {
  return 'changes' in one ? presentEventPreview(one) : { event_id: one.eventId, result: one.result, reason: one.reason }
}

function isShown({ result }: EventPreview): boolean {
  return result !== 'same' && result !== 'not_compared'
}

function linesOf(preview: EventPreview, shows: typeof isChange = () => true): readonly string[] {
  const { eventId, source, mapper, mapperVersion, mappedWith, changes, skipped, error } = preview
  const since = mappedWith === mapperVersion ? 'as then' : `then ${mappedWith ?? 'not mapped'}`
  const shown = changes.filter(shows)
  const others = changes.length - shown.length
  return [
    `${eventId} of ${source}: ${mapper} ${mapperVersion} (${since})`,
    ...shown.flatMap(({ destination, type, id, kind, result, differences }) => [
      `  ${destination} ${type} ${id}: ${kind}, ${result}`,
      ...differences.flatMap(({ path, before, after }) => [
        `    ${path || '(the item)'}`,
        ...(before === undefined ? [] : [`      - ${shortText(before)}`]),
        ...(after === undefined ? [] : [`      + ${shortText(after)}`]),
      ]),
    ]),
    ...(others === 0 ? [] : [`  ${countText(others, 'other change')}: the same as now`]),
    ...(skipped === null ? [] : [`  nothing comes of it: ${skipped}`]),
    ...(error === null ? [] : [`  fails: ${error}`]),
  ]
}
