/** Where a CMS sends the webhooks of a source; `root` is the address that it reaches the relay at. */
export function sourceUrl(root: string, source: string): string {
  return `${root.replace(/\/+$/, '')}/webhooks/${source}`
}
