import { sourceTypes } from '../../domain/ingest-item.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { isSourceType } from './identity.ts'

const word = /^[A-Za-z_]\w*$/

/** What is wrong with a `type` that is one word; null if nothing is. */
export function typeMistake(given: unknown): string | null {
  if (typeof given !== 'string' || !word.test(given.trim()) || isSourceType(given)) return null
  const text = given.trim()
  const nearest = nearestName(text, [...sourceTypes, 'article'])
  const near = nearest === 'article' ? 'post' : nearest
  const hint = near === null ? `there is ${sourceTypes.join(', ')}` : `did you mean ${near}?`
  return `'${text}' is no item type; ${hint} For a field of that name write \`$.${text}\``.replace(
    /([a-z]) For/,
    '$1. For',
  )
}

/** What is wrong with a `language` that is the name or the tag of one, which an expression takes for a field; null if nothing is. */
export function languageMistake(given: unknown): string | null {
  if (typeof given !== 'string') return null
  const text = given.trim()
  const tag = /^[a-z]{2}([-_][A-Za-z]{2,4})?$/.test(text) && nameOf(text.slice(0, 2)) !== undefined ? text : null
  const code = tag ?? (/^\p{L}{4,}$/u.test(text) ? codesByName().get(text.toLowerCase()) : undefined)
  return code === undefined ? null : `\`${text}\` is the name of a field here: write '"${code}"' for the language`
}

function nameOf(code: string, language = 'en'): string | undefined {
  return new Intl.DisplayNames([language], { type: 'language', fallback: 'none' }).of(code)
}

let known: ReadonlyMap<string, string> | undefined

/** The names of languages, in English and in themselves. Made once somebody's `language` is one word. */
function codesByName(): ReadonlyMap<string, string> {
  if (known) return known
  const names = new Map<string, string>()
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const english = nameOf(code)
    if (english === undefined) continue
    for (const name of [nameOf(code, code), english]) if (name !== undefined) names.set(name.toLowerCase(), code)
  }
  known = names
  return names
}
