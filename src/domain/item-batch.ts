// Which items go out together, and what each of them costs there.

/** The bytes that an item adds to a batch: its JSON and a separator. A tombstone has no JSON. */
export function bytesInBatch(body: string | null): number {
  return body === null ? 1 : Buffer.byteLength(body) + 1
}

/**
 * The items of the next batch, in the order in which they are due: no id twice (the same id under another type goes with the
 * next batch), at most `maxItems` and `maxBytes`, but at least one. Reads no further than it has to.
 */
export function packItems<Item extends { readonly id: string; readonly bytes: number }>(
  due: Iterable<Item>,
  { maxItems, maxBytes }: { readonly maxItems: number; readonly maxBytes: number },
): readonly Item[] {
  const packed: Item[] = []
  const ids = new Set<string>()
  let bytes = 0
  for (const item of due) {
    if (ids.has(item.id)) continue
    if (packed.length > 0 && bytes + item.bytes > maxBytes) break
    packed.push(item)
    ids.add(item.id)
    bytes += item.bytes
    if (packed.length >= maxItems) break
  }
  return packed
}

/** Whether the parts of a split have each item of the batch once. */
export function isWholeSplit(
  parts: readonly { readonly items: readonly number[] }[],
  held: readonly number[],
): boolean {
  const given = parts.flatMap(({ items }) => items)
  const all = new Set(given)
  return given.length === held.length && all.size === held.length && held.every((item) => all.has(item))
}
