/** As much of a value as fits a line; `--json` has all of it. */
export function shortText(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 160 ? `${text.slice(0, 160)}… (${text.length} characters)` : text
}
