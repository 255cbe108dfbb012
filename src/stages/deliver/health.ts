export interface HealthDeps {
  /** Makes a call that has no items; answers whether the destination is well. */
  readonly ask: (signal: AbortSignal) => Promise<boolean>
  readonly now: () => number
}

/** A batch is blamed only on fresh word; one that is down is not asked over and over. */
const rememberedMs = { well: 10_000, down: 30_000 }

/** Whether a destination is well, asked at most as often as an answer can be remembered, and once for all that want to know. */
export function createHealth({ ask, now }: HealthDeps): (signal: AbortSignal) => Promise<boolean> {
  let last: { readonly at: number; readonly isWell: boolean } | null = null
  let asking: Promise<boolean> | null = null

  async function askNow(signal: AbortSignal): Promise<boolean> {
    try {
      const isWell = await ask(signal)
      last = { at: now(), isWell }
      return isWell
    } finally {
      asking = null
    }
  }

  return async function isWell(signal) {
    const ageMs = last === null ? Number.POSITIVE_INFINITY : now() - last.at
    if (last && ageMs >= 0 && ageMs < (last.isWell ? rememberedMs.well : rememberedMs.down)) return last.isWell
    asking ??= askNow(signal)
    return asking
  }
}
