import { isObject } from './text.ts'

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

/** A member whose name begins with a small letter, or, as .NET writes it, with a capital. */
function member(value: Value, name: string): unknown {
  return value[name] ?? value[name[0]!.toUpperCase() + name.slice(1)]
}

/**
 * The id of another record, where the value is one: Strapi's documentId, Sanity's `_ref`, Contentstack's uid of a
 * content type, Hygraph's id beside nothing but `__typename`, Umbraco's id with a route, or an id with times of its own.
 * A component has none.
 */
export function referenceOf(value: Value): string | null {
  const { documentId, _ref: ref, uid } = value
  const id = member(value, 'id')
  if (isId(documentId)) return String(documentId)
  if (isId(ref)) return String(ref)
  if (isId(uid) && typeof value['_content_type_uid'] === 'string') return String(uid)
  if (!isId(id)) return null
  const names = Object.keys(value)
  if (names.length === 1 || timeNames.some((name) => name in value)) return String(id)
  if (isObject(member(value, 'route')) && typeof member(value, 'contentType') === 'string') return String(id)
  return '__typename' in value && names.every((name) => referenceNames.has(name)) ? String(id) : null
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}

export function isMedia(value: Value): boolean {
  return fileOf(value, undefined) !== null
}

/** The file that a value is, with a relative url made absolute; null where it is none. */
export function mediaOf(value: Value, field: string, mediaOrigin: string | undefined): Media | null {
  const file = fileOf(value, mediaOrigin)
  if (file === null) return null
  return {
    field,
    ...file,
    alt: textOf(value['alternativeText']) ?? textOf(value['alt']) ?? textOf(value['description']),
    caption: textOf(value['caption']),
    width: file.width ?? numberOf(member(value, 'width')),
    height: file.height ?? numberOf(member(value, 'height')),
  }
}

type File = Pick<Media, 'id' | 'url' | 'mime' | 'width' | 'height'>

/** How the systems write a file. */
function fileOf(value: Value, origin: string | undefined): File | null {
  return urlFile(value, origin) ?? sanityFile(value, origin) ?? directusFile(value, origin) ?? datoFile(value)
}

/** What a file has beside its url: in Strapi, Hygraph, Webflow, Contentstack and Umbraco. */
const marksOfFiles = [['mime'], ['mimeType'], ['fileId'], ['content_type', 'filename'], ['mediaType', 'extension']]

function urlFile(value: Value, origin: string | undefined): File | null {
  const url = textOf(member(value, 'url'))
  const has = (name: string) => textOf(member(value, name)) !== undefined
  if (url === undefined || !marksOfFiles.some((marks) => marks.every(has))) return null
  return {
    url: origin !== undefined && url.startsWith('/') && !url.startsWith('//') ? origin + url : url,
    mime: textOf(value['mime']) ?? textOf(value['mimeType']) ?? textOf(value['content_type']),
  }
}

/** The id of an asset, which its url is made of. Source: sanity-io/asset-utils, parseAssetId and buildImagePath. */
const sanityAsset = /^(image|file)-([A-Za-z0-9_]+)(?:-(\d+)x(\d+))?-([a-z0-9]+)$/

/** `{ asset: { _ref } }`; with `asset->` in the projection the asset itself. `origin` is where the dataset's images are. */
function sanityFile({ asset }: Value, origin: string | undefined): File | null {
  if (!isObject(asset)) return null
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
function directusFile({ id, filename_download: name, type }: Value, origin: string | undefined): File | null {
  if (textOf(id) === undefined || textOf(name) === undefined) return null
  return {
    id: String(id),
    url: origin === undefined ? undefined : `${origin}/assets/${String(id)}`,
    mime: textOf(type),
  }
}

/** A file field of DatoCMS names its upload and has no url. */
function datoFile({ upload_id: id }: Value): File | null {
  return textOf(id) === undefined ? null : { id: String(id) }
}

/** Whoever has an e-mail address, a user name, a password or two names is a person. */
export function isPerson(value: Value): boolean {
  if ('email' in value || 'username' in value || 'password' in value) return true
  return ('firstname' in value && 'lastname' in value) || ('first_name' in value && 'last_name' in value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
