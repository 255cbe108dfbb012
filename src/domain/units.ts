import { z } from 'zod'

const msPer: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const bytesPer: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

function withUnit(pattern: RegExp, factors: Readonly<Record<string, number>>, example: string) {
  const error = ({ input }: { readonly input?: unknown }) => {
    if (input === undefined) return 'is required'
    return `must be ${example}${/^\d+$/.test(String(input)) ? ': a unit is missing' : ''}`
  }
  return z
    .string({ error })
    .regex(pattern, { error })
    .transform((text) => {
      const [, number, unit = ''] = pattern.exec(text) ?? []
      return Math.round(Number(number) * (factors[unit.toLowerCase()] ?? Number.NaN))
    })
}

/** A duration such as `500ms`, `1s`, `15m`, `72h` or `7d`; milliseconds afterwards. */
export const duration = withUnit(
  /^\s*(\d+(?:\.\d+)?)([mM]?[sS]|[mMhHdD])\s*$/,
  msPer,
  'a duration such as 500ms, 1s, 15m, 72h, 7d',
)

/** A duration that must not be 0: a limit in which nothing would be done in time. */
export const period = duration.refine((ms) => ms > 0, { error: 'must be longer than 0' })

/** A size such as `500kb` or `4mb` (1 mb = 1024 kb = 1024² bytes); bytes afterwards. */
export const size = withUnit(/^\s*(\d+(?:\.\d+)?)([kKmMgG]?[bB])\s*$/, bytesPer, 'a size such as 500kb, 4mb')
