import type { UnitKind, UnitSettings } from './unit.ts'

/** What a reload does with one unit or setting, and why. */
export interface PlanEntry {
  readonly unit: UnitKind | 'setting'
  readonly name: string
  readonly act: 'start' | 'replace' | 'stop' | 'keep'
  /** Names of settings, never their values. */
  readonly why: string
}

interface Named {
  readonly settings: UnitSettings
}

/** Compares the units of one kind that run with those that should. */
export function planOf(
  unit: UnitKind,
  running: ReadonlyMap<string, Named>,
  wanted: ReadonlyMap<string, Named>,
): readonly PlanEntry[] {
  const going = [...running.keys()].filter((name) => !wanted.has(name))
  return [
    ...[...wanted].map(([name, { settings }]): PlanEntry => {
      const before = running.get(name)
      if (!before) return { unit, name, act: 'start', why: 'is new' }
      const changed = changesOf(before.settings, settings)
      if (changed.length === 0) return { unit, name, act: 'keep', why: 'has not changed' }
      return { unit, name, act: 'replace', why: `other ${changed.join(', ')}` }
    }),
    ...going.map((name): PlanEntry => ({ unit, name, act: 'stop', why: 'is not configured any more' })),
  ]
}

/** Names of the settings that differ. */
export function changesOf(before: UnitSettings, after: UnitSettings): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name])
}
