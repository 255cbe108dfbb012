/**
 * A limit that finds out how much is good, between 1 and a setting: what was too much cuts it to half of that, what goes
 * well lets it grow again, slowly.
 */
export interface AdaptiveLimit {
  readonly limit: () => number
  /** So much went well. Only what comes near the limit says that more may be tried. */
  readonly wentWell: (amount: number) => void
  /** So much was too much. To hear it once more says nothing new. */
  readonly wasTooMuch: (amount: number) => void
}

/** `growth` is what is earned by an amount that went well. */
export function createAdaptiveLimit(setting: number, growth: (amount: number) => number): AdaptiveLimit {
  let current = setting
  return {
    limit: () => Math.max(1, Math.floor(current)),
    wentWell(amount) {
      if (amount < current / 2) return
      const reached = Math.max(current, amount)
      current = Math.min(setting, reached + growth(reached))
    },
    wasTooMuch(amount) {
      current = Math.max(1, Math.min(current, amount / 2))
    },
  }
}

/** For what is counted in few: a whole round of them earns one more. */
export function oneMore(amount: number): number {
  return 1 / amount
}

/** For what is counted in many: twelve times in a row that go well make good for one that was too much. */
export function aSixteenthMore(amount: number): number {
  return Math.max(1, amount / 16)
}
