import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** Files of which each takes seconds, mostly for processes to start: begun last, one would leave a core idle at the end. */
export const longest = [
  'e2e/kill',
  'commands/change/operate',
  'e2e/sandbox-mode',
  'store/sqlite-rival',
  'stages/blame',
  'e2e/reload',
  'e2e/backup',
  'e2e/sockets',
  'stages/delivery',
  'stages/pauses',
  'routes/api',
  'routes/webhooks',
  'security/canary',
  'e2e/fetch',
  'fuzz/receive',
]

/** As vitest would have it, but for those. Its own order knows what took long only where it has run before, which CI has not. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((one, other) => placeOf(one) - placeOf(other))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
  return place < 0 ? longest.length : place
}
