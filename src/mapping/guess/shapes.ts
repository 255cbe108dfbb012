import { isNode as isObject } from '../richtext/format.ts'

type Value = Readonly<Record<string, unknown>>

/** A file as json.media has it. */
export interface Media {
  readonly field: string
  readonly id?: string | undefined
  readonly url?: string | undefined
  readonly alt?: string | undefined
  readonly caption?: string | undefined
  readonly mime?: string | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
}

const timeNames = ['updatedAt', 'createdAt', 'updated_at', 'created_at', 'date_updated', 'date_created']
/** What a reference of Hygraph may hold besides its id. */
const referenceNames = new Set(['__typename', 'id', 'stage', 'locale'])

/**
 * The id of another record, if the value is one: Strapi's documentId, Sanity's `_ref`, Contentstack's uid of a
 * content type, Hygraph's id beside nothing but `__typename`, Umbraco's id with a route, Contentful's link to an entry,
 * Payload's to one of several collections, Builder's Reference, or an id with times of its own. A component has none.
 */
export function referenceOf(value: Value): string | null {
  const { documentId, _ref: ref, uid } = value
  const id = value['id'] ?? value['Id']
  if (isId(documentId)) return String(documentId)
  if (isId(ref)) return String(ref)
  if (isId(uid) && typeof value['_content_type_uid'] === 'string') return String(uid)
  if (typeof value['relationTo'] === 'string') return relatedId(value['value'])
  const link = linkOf(value)
  if (link !== null) return link.kind === 'Entry' ? link.id : null
  if (!isId(id)) return null
  if (value['@type'] === '@builder.io/core:Reference') return String(id)
  const names = Object.keys(value)
  if (names.length === 1 || timeNames.some((name) => name in value)) return String(id)
  if (isObject(value['route'] ?? value['Route']) && isText(value['contentType'] ?? value['ContentType']))
    return String(id)
  return '__typename' in value && names.every((name) => referenceNames.has(name)) ? String(id) : null
}

/** What Payload writes for a record of one of several collections: `{ relationTo, value }`, an id or the record. */
function relatedId(value: unknown): string | null {
  if (isObject(value)) return isId(value['id']) && !isPerson(value) ? String(value['id']) : null
  return isId(value) ? String(value) : null
}

/** What Contentful writes for another entry or a file: an id, no url, and nothing of what it holds. */
function linkOf({ sys }: Value): { readonly kind: unknown; readonly id: string } | null {
  if (!isObject(sys) || sys['type'] !== 'Link' || !isId(sys['id'])) return null
  return { kind: sys['linkType'], id: String(sys['id']) }
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}

export function isMedia(value: Value): boolean {
  return fileOf(value, undefined) !== null
}

/** The file that a value is, with a relative url made absolute; null if it is none. */
export function mediaOf(value: Value, field: string, mediaOrigin: string | undefined): Media | null {
  const file = fileOf(value, mediaOrigin)
  if (file === null) return null
  return {
    field,
    ...file,
    alt: textOf(value['alternativeText']) ?? textOf(value['alt']) ?? textOf(value['description']),
    caption: textOf(value['caption']),
    width: file.width ?? numberOf(value['width'] ?? value['Width']),
    height: file.height ?? numberOf(value['height'] ?? value['Height']),
  }
}

type File = Pick<Media, 'id' | 'url' | 'mime' | 'width' | 'height'>

/** How the systems write a file. */
function fileOf(value: Value, origin: string | undefined): File | null {
  const url = value['url'] ?? value['Url']
  if (isText(url) && isFileByUrl(value)) return urlFile(value, url, origin)
  if (isObject(value['asset'])) return sanityFile(value['asset'], origin)
  if (isText(value['filename_download']) && isText(value['id'])) return directusFile(value, value['id'], origin)
  const link = linkOf(value)
  if (link !== null) return link.kind === 'Asset' ? { id: link.id } : null
  return isText(value['upload_id']) ? { id: value['upload_id'] } : null // DatoCMS: a webhook has no url of it
}

/** What a file has beside its url: in Strapi, Hygraph, Webflow, Contentstack and Umbraco, which writes capitals. */
function isFileByUrl(value: Value): boolean {
  return (
    isText(value['mime']) ||
    isText(value['mimeType']) ||
    isText(value['fileId']) ||
    (isText(value['content_type']) && isText(value['filename'])) ||
    (isText(value['mediaType'] ?? value['MediaType']) && isText(value['extension'] ?? value['Extension']))
  )
}

function urlFile(value: Value, url: string, origin: string | undefined): File {
  return {
    url: origin !== undefined && url.startsWith('/') && !url.startsWith('//') ? origin + url : url,
    mime: textOf(value['mime']) ?? textOf(value['mimeType']) ?? textOf(value['content_type']),
  }
}

/** The id of an asset, which its url is made of. Source: sanity-io/asset-utils, parseAssetId and buildImagePath. */
const sanityAsset = /^(image|file)-([A-Za-z0-9_]+)(?:-(\d+)x(\d+))?-([a-z0-9]+)$/

/** `{ asset: { _ref } }`; with `asset->` in the projection the asset itself. `origin` is where the dataset's images are. */
function sanityFile(asset: Value, origin: string | undefined): File | null {
  const id = textOf(asset['_ref']) ?? textOf(asset['_id'])
  const url = textOf(asset['url'])
  const match = id === undefined ? null : sanityAsset.exec(id)
  if (match === null) return url === undefined ? null : { url, mime: textOf(asset['mimeType']) }
  const [, kind, hash, width, height, extension] = match
  const folder = kind === 'file' ? origin?.replace('/images/', '/files/') : origin
  const size = width === undefined ? '' : `-${width}x${height}`
  return {
    id,
    url: url ?? (folder === undefined ? undefined : `${folder}/${hash}${size}.${extension}`),
    mime: textOf(asset['mimeType']),
    ...(width !== undefined && { width: Number(width), height: Number(height) }),
  }
}

/** A row of directus_files. Source: docs.directus.io, Files; the path is that of the assets endpoint. */
function directusFile({ type }: Value, id: string, origin: string | undefined): File {
  return { id, url: origin === undefined ? undefined : `${origin}/assets/${id}`, mime: textOf(type) }
}

/** Rich text that is told by its root: a document of Contentful's, or the state of a Lexical editor. */
export function isRichText(value: Value): boolean {
  const { nodeType, content, root } = value
  return (nodeType === 'document' && Array.isArray(content)) || (isObject(root) && Array.isArray(root['children']))
}

/** A record with an e-mail address, a user name, a password or two names is a person. */
export function isPerson(value: Value): boolean {
  if ('email' in value || 'username' in value || 'password' in value) return true
  return ('firstname' in value && 'lastname' in value) || ('first_name' in value && 'last_name' in value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
