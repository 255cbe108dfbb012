/** A delivery id with its tag, which is kept behind it. */
export function taggedId(deliveryId: string | null, tag: string | null): string | null {
  return deliveryId === null || tag === null ? deliveryId : `${deliveryId}\n#${tag}`
}

/** The delivery id as it came. */
export function untaggedId(deliveryId: string | null): string | null {
  return deliveryId?.includes('\n') ? deliveryId.replace(/\n#[0-9a-f]{16}$/, '') : deliveryId
}
