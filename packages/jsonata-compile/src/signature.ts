type Check = (value: unknown) => boolean

const checks: Readonly<Record<string, Check>> = {
  s: (value) => typeof value === 'string',
  n: (value) => typeof value === 'number',
  b: (value) => typeof value === 'boolean',
  o: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  a: (value) => Array.isArray(value),
  f: (value) => typeof value === 'function',
  x: (value) => typeof value !== 'function',
  j: (value) => typeof value !== 'function',
}

/**
 * A quick question whether arguments fit a JSONata signature as they are, so that its own check (a regular expression
 * over the types, which also wraps single values and fills in the context) can be left out. False says "ask it".
 */
export function quickCheckOf(definition: string): (values: readonly unknown[]) => boolean {
  const parameters: Check[] = []
  let required = 0
  for (const [, type, subtype, mark] of definition
    .slice(1)
    .split(':')[0]!
    .matchAll(/(\([a-z]+\)|[a-z])(<[a-z]>)?([-?+])?/g)) {
    if (mark === '+') return () => false
    parameters.push(checkOf(type!, subtype))
    if (mark !== '?') required = parameters.length
  }
  return (values) => {
    if (values.length < required || values.length > parameters.length) return false
    for (let at = 0; at < values.length; at++) if (!parameters[at]!(values[at])) return false
    return true
  }
}

function checkOf(type: string, subtype: string | undefined): Check {
  const entry = subtype === undefined ? undefined : checks[subtype[1]!]!
  if (entry) return (value) => Array.isArray(value) && value.every(entry)
  if (type.length === 1) return checks[type]!
  const choice = [...type.slice(1, -1)].map((letter) => checks[letter]!)
  return (value) => choice.some((check) => check(value))
}
