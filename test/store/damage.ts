import { readFileSync, writeFileSync } from 'node:fs'

/** Breaks the header of a page in the middle of the items: what is read first is as it was. */
export function spoilRows(path: string): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf('"content":"xxxx')
  bytes.fill(0xff, at - (at % 4096), at - (at % 4096) + 8)
  writeFileSync(path, bytes)
}
