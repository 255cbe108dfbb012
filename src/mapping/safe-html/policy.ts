/** Where video and audio may be embedded from. An `iframe` of any other host is left out. */
const embedHosts: ReadonlySet<string> = new Set([
  'www.youtube.com',
  'youtube.com',
  'www.youtube-nocookie.com',
  'player.vimeo.com',
  'www.dailymotion.com',
  'geo.dailymotion.com',
  'fast.wistia.net',
  'player.twitch.tv',
  'open.spotify.com',
  'w.soundcloud.com',
])

/** Elements that stay. Of every other one the tags go and the content stays, but for `emptied`. */
export const tags: ReadonlySet<string> = new Set(
  `a abbr address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup data dd del
   details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i iframe img ins kbd li main
   mark menu nav ol p picture pre q rb rp rt rtc ruby s samp section small source span strike strong sub summary sup
   table tbody td tfoot th thead time tr track tt u ul var video wbr`.split(/\s+/),
)

/** Elements that go together with what is in them: it is not content of the page, or no HTML. */
export const emptied: readonly string[] =
  `script style template noscript noembed noframes title textarea select option xmp plaintext svg math iframe`.split(
    ' ',
  )

const attributeNames: ReadonlySet<string> = new Set(
  `abbr align alt bgcolor border cellpadding cellspacing charoff cite class clear color colspan controls datetime dir
   face headers height hidden href hreflang hspace id itemprop itemscope itemtype kind label lang loading loop muted name
   open poster preload rel reversed role rowspan rules scope size sizes span src srclang srcset start style summary
   target title translate type valign value vspace width allowfullscreen frameborder`.split(/\s+/),
)

/**
 * Data attributes that stay: they tell what an element is, and style sheets ask for them. Every other one goes, since
 * scripts of the page that shows the HTML may act on it (`data-hx-get`, `data-turbo-method`, `data-bs-toggle`).
 */
const dataNames: ReadonlySet<string> = new Set(
  `align alt anchor asset-id attachment-id block-id block-key codename embed-id entity-bundle entity-id entity-type
   entity-uuid id item-id label lang language level line line-number list list-style-type name size src start
   sys-content-type-uid sys-entry-locale sys-entry-uid text-align th type udi uuid view-mode width height`.split(/\s+/),
)

/** Whether an attribute of this name may stay; a url, a style and an id have to be looked into besides. */
export function isAllowedAttribute(name: string): boolean {
  return (
    attributeNames.has(name) ||
    (name.startsWith('data-') && dataNames.has(name.slice(5))) ||
    (name.startsWith('aria-') && /^[a-z]+$/.test(name.slice(5)))
  )
}

export const urlAttributes: ReadonlySet<string> = new Set(['href', 'src', 'data-src', 'cite', 'poster', 'itemtype'])

export const urlSchemes: readonly string[] = ['http', 'https', 'mailto', 'tel']

/** Whether a link opens a window that could get at the one that it comes from. */
export function lacksNoopener(tag: string, { target, rel = '' }: Attributes): boolean {
  return tag === 'a' && Boolean(target) && !/(?:^|\s)noopener(?:\s|$)/i.test(rel)
}

/** Hosts and paths that are asked for an image to count readers. */
const beacons: readonly RegExp[] = [
  /^(www\.)?facebook\.com\/tr\b/,
  /^((www|ssl)\.)?google-analytics\.com\//,
  /^www\.googletagmanager\.com\//,
  /^([a-z0-9-]+\.)*doubleclick\.net\//,
  /^(pixel|stats)\.wp\.com\//,
  /^([a-z0-9-]+\.)*(vgwort\.de|scorecardresearch\.com|quantserve\.com|list-manage\.com\/track)\//,
  /^(px\.ads|dc\.ads|www)\.linkedin\.com\/(collect|px)\b/,
  /^(bat\.bing|ct\.pinterest|analytics\.twitter|track\.hubspot|pi\.pardot)\.com\//,
  /^t\.co\/i\/adsct\b/,
  /^mc\.yandex\.ru\//,
  /^feeds\.feedburner\.com\/~r\//,
  /^[^/?#]+\/([^?#]*\/)?(matomo|piwik)\.php\b/,
]

type Attributes = Readonly<Record<string, string | undefined>>

/** Whether an image is there to be asked for, not to be seen: at most one pixel, or from a known counter. */
export function isTrackingPixel({ src, 'data-src': later, width, height, style = '' }: Attributes): boolean {
  if (isTiny(width) && isTiny(height)) return true
  if (tinyStyle('width').test(style) && tinyStyle('height').test(style)) return true
  return isBeacon(src) || isBeacon(later)
}

function isBeacon(src = ''): boolean {
  const address = /^(?:https?:)?\/\/(.+)$/i.exec(src.trim())?.[1]?.toLowerCase()
  return address !== undefined && beacons.some((beacon) => beacon.test(address))
}

function isTiny(size: string | undefined): boolean {
  return size !== undefined && /^0*[01](?:\.\d+)?\s*(?:px)?$/i.test(size.trim())
}

const tinyStyles = {
  width: /(?:^|[;\s])width\s*:\s*[01](?:\.\d+)?(?:px)?\s*(?:;|!|$)/i,
  height: /(?:^|[;\s])height\s*:\s*[01](?:\.\d+)?(?:px)?\s*(?:;|!|$)/i,
}

function tinyStyle(side: keyof typeof tinyStyles): RegExp {
  return tinyStyles[side]
}

/** Whether an `iframe` shows a player of a host that is known for it. */
export function isKnownEmbed(src: string | undefined): boolean {
  const url = URL.parse(src ?? '', 'https://relative.invalid')
  return url !== null && /^https?:$/.test(url.protocol) && embedHosts.has(url.host)
}
