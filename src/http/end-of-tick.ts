/**
 * Lets all that ask in one turn of the event loop go on at its end, one right behind the other: what they do finds its code in
 * the processor's caches then, which Node's HTTP would fill with its own in between.
 */
export function createEndOfTick(): () => Promise<void> {
  let end: Promise<void> | null = null
  return () => {
    end ??= new Promise((resolve) => {
      setImmediate(() => {
        end = null
        resolve()
      })
    })
    return end
  }
}
