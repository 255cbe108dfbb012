import { z } from 'zod'

const msPer: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesPer: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

function withUnit(pattern: RegExp, factors: Readonly<Record<string, number>>, example: string) {
  return z.string({ error: `expected ${example}` }).transform((text, context) => {
    const match = pattern.exec(text.trim().toLowerCase())
    const value = match ? Number(match[1]) * (factors[match[2] ?? ''] ?? Number.NaN) : Number.NaN
    if (Number.isFinite(value)) return Math.round(value)
    context.issues.push({ code: 'custom', input: text, message: `expected ${example}` })
    return z.NEVER
  })
}

/** A duration such as `500ms`, `1s`, `15m`, `72h` or `7d`; milliseconds afterwards. */
export const duration = withUnit(/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/, msPer, 'a duration such as 500ms, 1s, 15m, 72h, 7d')

/** A duration that must not be 0: a limit in which nothing would be done in time. */
export const period = duration.refine((ms) => ms > 0, { error: 'must be longer than 0' })

/** A size such as `500kb` or `4mb` (1 mb = 1024 kb = 1024² bytes); bytes afterwards. */
export const size = withUnit(/^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/, bytesPer, 'a size such as 500kb, 4mb')
