import { nearestName } from './nearest-name.ts'

/** Longer lists are for a command that lists. */
const namesShown = 40

/** Says that there is no such source, destination, mapper or the like: with the name that was meant, else with those that there are. */
export function describeUnknown(kind: string, name: string, known: readonly string[]): string {
  const what = `no ${kind} '${name.slice(0, 64)}'`
  const nearest = nearestName(name, known)
  if (nearest !== null) return `${what}: did you mean ${nearest}?`
  if (known.length === 0) return `${what}: there is none`
  const more = known.length > namesShown ? `, and ${known.length - namesShown} more` : ''
  return `${what} (there is ${known.slice(0, namesShown).join(', ')}${more})`
}
