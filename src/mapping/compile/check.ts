import { RelayError } from '../../domain/errors.ts'
import type { CheckDefinition } from '../definition/definition.ts'
import type { ApiCheck } from '../mapper.ts'
import { compileRequest, type RequestDefaults } from './fetch.ts'
import { type Compiler, FieldError, isTruthy } from './field.ts'

interface CheckContext {
  readonly vars: Readonly<Record<string, unknown>>
  readonly defaults: RequestDefaults
  readonly compiler: Compiler
}

/** The `check` of a mapper for one source. There is no webhook: its expressions see `$vars`, and `expect` the answer. */
export function compileCheck(check: CheckDefinition, { vars, defaults, compiler }: CheckContext): ApiCheck {
  const optional = (text: string | undefined, label: string) =>
    text === undefined ? null : compiler.expression(text, `check.${label}`)
  const make = compileRequest(check, 'check', defaults, compiler, '')
  const match = optional(check.match, 'match')
  const expect = optional(check.expect, 'expect')
  return {
    async request() {
      try {
        const scope = { vars }
        if (match !== null && !isTruthy(await match.evaluate(null, scope))) return null
        return await make(null, scope, false)
      } catch (error) {
        if (!(error instanceof FieldError)) throw error
        throw new RelayError('invalid', error.message, { cause: error })
      }
    },
    async isExpected(body) {
      if (expect === null) return true
      try {
        return isTruthy(await expect.evaluate(body, { vars, answer: body }))
      } catch (error) {
        if (error instanceof FieldError) return false
        throw error
      }
    },
    needs: check.needs ?? null,
  }
}
