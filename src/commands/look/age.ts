const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** How long ago a time is, in its largest unit, as `--since` takes it: `3m`, `2h`, `5d`. */
export function ageOf(time: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(time))
  const [unit, unitMs] = units.find(([, length]) => ms >= length) ?? ['s', 1_000]
  return `${Math.floor(ms / unitMs)}${unit}`
}
