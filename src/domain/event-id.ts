export function eventIdOf(seq: number): string {
  return `evt_${seq}`
}

/** The sequence number in an event's id; null if it can not be one of ours. */
export function eventSeqOf(id: string): number | null {
  const match = /^evt_([1-9]\d{0,14})$/.exec(id)
  return match ? Number(match[1]) : null
}
