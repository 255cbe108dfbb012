import { type Node, nodesOf, type Part } from './ast.ts'
import { isDefault, sourceText } from './source-text.ts'

/** The function that a part is wrapped in. No expression can name it. */
export const partFunction = ' part'

/** A part of a text that has to be whole gave nothing, or a value that is not text. */
export class PartError extends Error {}

/** The value of a part; throws PartError if it is not there. */
export function wholePart(value: unknown, part: Part): unknown {
  if (typeof value === 'string') {
    if (value.charCodeAt(0) > 0x20 || part.empty || value.trim() !== '') return value
  } else if (typeof value === 'number') {
    return value
  } else if (typeof value === 'boolean') {
    // What PHP and some APIs write if there is nothing.
    if (part.empty) return value
    throw new PartError(`\`${part.text}\` gave ${value}, not text`)
  } else if (typeof value === 'object' && value !== null) {
    if (!Array.isArray(value)) throw new PartError(`\`${part.text}\` gave an object, not text`)
    if (value.length > 0) {
      if (part.list) return value
      throw new PartError(`\`${part.text}\` gave a list, not text`)
    }
  } else if (value === undefined && part.nothing) return value
  throw new PartError(`\`${part.text}\` gave nothing`)
}

type Mutable = { -readonly [K in keyof Node]: Node[K] }

function put(node: Node, branch: 'then' | 'else', value: Node): void {
  ;(node as Mutable)[branch] = value
}

/**
 * Has every part of the texts that an expression puts together checked while it is evaluated: the operands of `&`, what
 * `$replace` puts in, what `$join` joins. Whatever a condition, a comparison or a predicate looks at is not a part. The tree is changed in place.
 */
export function requireParts(
  root: Node,
  isFunction: (name: string) => boolean,
  mayBeEmpty: readonly string[],
): readonly Part[] {
  const parts: Part[] = []
  const bindings = bindingsIn(root)

  /** What a value passes through on its way into the text. */
  function visit(node: Node | undefined): void {
    if (node === undefined || node.part !== undefined) return
    const own = node as Mutable
    switch (node.type) {
      case 'binary':
        if (node.value === '&') {
          own.lhs = partOf(node.lhs as Node)
          own.rhs = partOf(node.rhs!)
        } else if (arithmetic.has(node.value)) {
          visit(node.lhs as Node)
          visit(node.rhs)
        }
        return
      case 'condition':
        visit(node.then)
        visit(node.else)
        return
      case 'block':
        for (const one of node.expressions ?? []) visit(one)
        return
      case 'bind':
        visit(node.rhs)
        return
      case 'function':
      case 'partial':
        visitCall(node, 0)
        return
      case 'apply':
        if (calledName(node.rhs!) === 'join') own.lhs = joined(node.lhs as Node)
        else visit(node.lhs as Node)
        visitCall(node.rhs!, 1)
        return
      case 'lambda':
        visit(node.body)
        return
      case 'path':
        for (const step of node.steps ?? []) visit(step)
        return
      case 'unary':
        visit(node.expression)
        for (const one of node.expressions ?? []) visit(one)
        if (node.value === '{') for (const pair of node.lhs as readonly (readonly [Node, Node])[]) visit(pair[1])
        return
    }
  }

  /** `before`: how many arguments come from in front of `~>`. */
  function visitCall(node: Node, before: 0 | 1): void {
    const name = calledName(node)
    if (name === null || asking.has(name) || node.arguments === undefined) return
    const given = node.arguments as Node[]
    for (const [at, argument] of given.entries()) {
      const place = at + before
      if (name === 'join' && place === 0) given[at] = joined(argument)
      else if (name === 'replace' && place === 2 && isText(argument)) given[at] = partOf(argument)
      else if (name === 'string' && given.length === 1) given[at] = partOf(argument, { nothing: true })
      else if (name === 'lookup' && place === 1) visit(calledName(argument) === 'string' ? undefined : argument)
      else visit(argument)
    }
  }

  function partOf(node: Node, { text = sourceText(node), nothing = false, list = false } = {}): Node {
    const own = node as Mutable
    const { type } = node
    if (type === 'string' || type === 'number') return node
    if (!node.predicate && !node.group) {
      if (type === 'binary' && node.value === '&') {
        visit(node)
        return node
      }
      if (type === 'block' && node.expressions && node.expressions.length > 0) {
        const all = node.expressions.slice()
        const last = all.pop()!
        for (const one of all) visit(one)
        own.expressions = [...all, partOf(last, { nothing, list })]
        return node
      }
      if (type === 'condition') {
        // Nothing goes on to what stands behind `??`.
        put(node, 'then', partOf(node.then!, { nothing: nothing || isDefault(node), list }))
        if (node.else) put(node, 'else', partOf(node.else, { nothing, list }))
        return node
      }
      // `$string(null)` is "null": so it is what goes in that is looked at.
      if (calledName(node) === 'string' && node.arguments?.length === 1) {
        ;(node.arguments as Node[])[0] = partOf(node.arguments[0]!, { text, nothing })
        return node
      }
      if (type === 'apply' && calledName(node.rhs!) === 'string') {
        own.lhs = partOf(node.lhs as Node, { text, nothing })
        return node
      }
      const step = type === 'path' ? node.steps?.at(-1) : undefined
      if (step && calledName(step) === 'string' && step.arguments?.length === 0) {
        ;(step.arguments as Node[]).push(partOf({ type: 'variable', value: '' }, { text }))
      }
    }
    const allowed = allowedOf(node, new Set())
    visit(node)
    const part = { text, nothing: nothing || allowed.nothing, empty: allowed.empty, list }
    parts.push(part)
    const at = { type: 'number', value: parts.length - 1 }
    return {
      type: 'function',
      value: '(',
      procedure: { type: 'variable', value: partFunction },
      arguments: [node, at],
      part,
      ...(node.position === undefined ? {} : { position: node.position }),
    }
  }

  /** A list that is joined: each entry that is written out is a part. */
  function joined(node: Node): Node {
    const own = node as Mutable
    if (node.predicate || node.group) {
      visit(node)
      return node // a predicate says which entries there may be
    }
    const name = calledName(node)
    if (node.type === 'unary' && node.value === '[') {
      own.expressions = (node.expressions ?? []).map((entry) => partOf(entry, { list: true }))
    } else if (node.type === 'block' && node.expressions && node.expressions.length > 0) {
      const all = node.expressions.slice()
      const last = all.pop()!
      for (const one of all) visit(one)
      own.expressions = [...all, joined(last)]
    } else if (node.type === 'condition') {
      put(node, 'then', joined(node.then!))
      if (node.else) put(node, 'else', joined(node.else))
    } else if (node.type === 'variable') {
      for (const bind of bindings.get(node.value) ?? []) (bind as Mutable).rhs = joined(bind.rhs!)
    } else if (node.type === 'apply') {
      own.lhs = joined(node.lhs as Node)
      if (calledName(node.rhs!) === 'append') joinedArguments(node.rhs!)
      else visitCall(node.rhs!, 1)
    } else if (name === 'append') {
      joinedArguments(node)
    } else if (name !== null && listing.has(name) && node.arguments?.[0]) {
      ;(node.arguments as Node[])[0] = joined(node.arguments[0])
      for (const argument of node.arguments.slice(1)) visit(argument)
    } else if (node.type === 'path' && node.steps?.[0]?.value === '[' && !node.steps[0].stages) {
      const [first, ...rest] = node.steps
      own.steps = [joined(first!), ...rest]
      for (const step of rest) visit(step)
    } else {
      visit(node)
    }
    return node
  }

  function joinedArguments(node: Node): void {
    const given = node.arguments as Node[]
    for (let at = 0; at < given.length; at++) {
      const argument = given[at]!
      given[at] = argument.type === 'unary' ? joined(argument) : partOf(argument, { list: true })
    }
  }

  /** Literals and the names that may be empty: their emptiness is meant. */
  function isOwn(node: Node): boolean {
    const { type, value } = node
    if (type === 'string' || type === 'number') return true
    if (type === 'variable') return mayBeEmpty.includes(value as string)
    if (type === 'path') return node.steps?.[0]?.type === 'variable' && isOwn(node.steps[0])
    if (type === 'binary') return isOwn(node.lhs as Node) && isOwn(node.rhs!)
    return type === 'function' && (node.arguments?.length ?? 0) > 0 && node.arguments!.every(isOwn)
  }

  /** What an operand may be by what it says itself. */
  function allowedOf(node: Node, seen: Set<unknown>): { readonly nothing: boolean; readonly empty: boolean } {
    if (isOwn(node)) return { nothing: false, empty: true }
    if (node.predicate || node.group) return none
    if (node.type === 'block') return allowedOf(node.expressions?.at(-1) ?? node, seen.add(node))
    if (node.type === 'condition') {
      const then = allowedOf(node.then!, seen)
      const other = node.else ? allowedOf(node.else, seen) : { nothing: true, empty: false }
      return { nothing: then.nothing || other.nothing, empty: then.empty || other.empty }
    }
    const binds = node.type === 'variable' && !seen.has(node.value) ? bindings.get(node.value) : undefined
    if (binds === undefined) return none
    seen.add(node.value)
    const all = binds.map(({ rhs }) => allowedOf(rhs!, seen))
    return { nothing: all.some(({ nothing }) => nothing), empty: all.some(({ empty }) => empty) }
  }

  /** Whether an argument is put in as it is: a function is called for what is put in. */
  function isText({ type, value }: Node): boolean {
    if (type !== 'variable') return type !== 'lambda'
    const binds = bindings.get(value)
    return binds ? binds.every(({ rhs }) => isText(rhs!)) : !isFunction(String(value))
  }

  visit(root)
  return parts
}

const none = { nothing: false, empty: false }
const arithmetic = new Set<unknown>(['+', '-', '*', '/', '%'])
/** Functions that ask about a value, or tell of it, and hand none of it on. */
const asking = new Set('exists not boolean contains match type count error assert'.split(' '))
/** Functions that give the list that they were given, in some other form. */
const listing = new Set('map reverse distinct sort'.split(' '))

function calledName(node: Node): string | null {
  const isCall = node.type === 'function' || node.type === 'partial'
  if (node.type === 'variable') return String(node.value) // behind ~>
  if (!isCall || node.procedure?.type !== 'variable') return isCall ? '' : null
  return String(node.procedure.value)
}

function bindingsIn(root: Node): ReadonlyMap<unknown, readonly Node[]> {
  const found = new Map<unknown, Node[]>()
  for (const node of nodesOf(root)) {
    if (node.type !== 'bind') continue
    const name = (node.lhs as Node).value
    found.set(name, [...(found.get(name) ?? []), node])
  }
  return found
}
