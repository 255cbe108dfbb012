import { type SourceType, sourceTypes } from '../../../domain/ingest-item.ts'
import type { Setup } from '../../../mapping/definition/setup.ts'

/** One model as `init` writes it. */
export interface InitModel {
  readonly name: string
  readonly type: SourceType
  /** Path on the site, in which `{slug}` stands for the slug; null if the mapper knows the url. */
  readonly path: string | null
  /** The field with its text; left out if it is not known. */
  readonly field?: string
}

/** Beginnings of what models are called, and what they are. */
const words: readonly (readonly [RegExp, SourceType])[] = [
  [/product|sku/, 'product'],
  [/categor|topic/, 'category'],
  [/collection/, 'collection'],
  [/faq|question/, 'faq'],
  [/review|testimonial/, 'review'],
  [/event/, 'event'],
  [/location|store|branch|venue/, 'location'],
  [/author|person|people|profile|team|staff/, 'profile'],
  [/doc|guide|manual/, 'doc'],
  [/page|landing/, 'page'],
]

/** What a model most likely is, by its name. */
export function typeOfModel(name: string): SourceType {
  return words.find(([word]) => word.test(name.toLowerCase()))?.[1] ?? 'post'
}

/** What is wrong with a type that there is not. */
export const mistakeInType = `must be one of ${sourceTypes.join(', ')}`

/** `NAME`, `NAME:TYPE` or `NAME:TYPE:/path/{slug}`, as the option `--model` has it; what is wrong with it otherwise. */
export function readModel(text: string): InitModel | { readonly mistake: string } {
  const [, name, type, path] = /^(.+?)(?::([^:/]*))?(?::(\/.*))?$/.exec(text.trim()) ?? []
  if (name === undefined) return { mistake: 'is no NAME, NAME:TYPE or NAME:TYPE:/path/{slug}' }
  const known = sourceTypes.find((one) => one === type?.toLowerCase())
  if (type && known === undefined) return { mistake: mistakeInType }
  const mistake = path === undefined ? null : mistakeInPath(path)
  return mistake === null ? { name, type: known ?? typeOfModel(name), path: path ?? null } : { mistake }
}

/** What is wrong with a path on the site; null if nothing is. */
export function mistakeInPath(path: string): string | null {
  return /^\/\S*\{slug\}\S*$/.test(path) ? null : 'needs a path with {slug} in it, such as /blog/{slug}'
}

/** The expression of a url; null if what the mapper guesses is the same. */
export function urlOfModel({ path }: InitModel, setup: Setup | undefined): string | null {
  if (path === null || path === '/{slug}') return null
  const slug = setup?.model?.slug ?? 'slug'
  const parts = path.split('{slug}').map((part) => (part === '' ? '' : JSON.stringify(part)))
  return ['$vars.origin', ...parts.flatMap((part, at) => (at === 0 ? [part] : [slug, part]))]
    .filter(Boolean)
    .join(' & ')
}

/** What is wrong with the name of a field; null if nothing is. */
export function mistakeInField(field: string): string | null {
  return /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(field)
    ? null
    : 'is no name of a field, such as body or content.text'
}

/** The expression of the text of a model; null if its mapper finds the text. */
export function htmlOfModel({ field = 'body' }: Pick<InitModel, 'field'>, setup: Setup | undefined): string | null {
  if (setup !== undefined && setup.model?.text === undefined) return null
  const path = field
    .split('.')
    .map((name) => (name.includes('-') ? `\`${name}\`` : name))
    .join('.')
  return (setup?.model?.text ?? '{field}').replaceAll('{field}', () => path)
}
