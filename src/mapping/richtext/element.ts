type Attributes = Readonly<Record<string, string | number | undefined>>

const voids: ReadonlySet<string> = new Set(['br', 'col', 'hr', 'img'])

/** An element with what is in it, which is HTML. Attributes without a value are left out. */
export function element(tag: string, attributes: Attributes, inner = ''): string {
  let opening = tag
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) opening += ` ${name}="${escapeHtml(String(value))}"`
  }
  return voids.has(tag) ? `<${opening} />` : `<${opening}>${inner}</${tag}>`
}

/** HTML within elements, the first one innermost. */
export function wrapped(html: string, tags: readonly string[]): string {
  return tags.reduce((inner, tag) => `<${tag}>${inner}</${tag}>`, html)
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as HTML, in an element or in an attribute between double quotes. */
export function escapeHtml(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (sign) => entities[sign]!) : text
}

/** Text as HTML with its line breaks. */
export function htmlOfText(text: string): string {
  const html = escapeHtml(text)
  return html.includes('\n') ? html.replace(/\r?\n/g, '<br />') : html
}

/** A link; without a url its content. */
export function link(href: string | undefined, inner: string): string {
  return href === undefined ? inner : element('a', { href }, inner)
}

/** An image with its caption; nothing without a url. */
export function image(src: string | undefined, alt?: string, caption?: string): string {
  if (src === undefined) return ''
  const picture = element('img', { src, alt: alt ?? '' })
  if (caption === undefined || caption.trim() === '') return picture
  return element('figure', {}, picture + element('figcaption', {}, escapeHtml(caption)))
}

/** A heading of level 1 to 6; what is beyond takes the nearest. */
export function heading(level: unknown, inner: string): string {
  const number = Math.round(Number(level))
  return wrapped(inner, [`h${Math.min(6, Math.max(1, Number.isFinite(number) ? number : 1))}`])
}
