export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Lowest to highest, so that a reader sees how noisy the machine was. */
export function spread(values: readonly number[], show: (value: number) => string): string {
  return `${show(Math.min(...values))} to ${show(Math.max(...values))}`
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function ratio(value: number): string {
  return value.toFixed(2)
}

export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(value)} ms`
}

export function us(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(value)} µs`
}
