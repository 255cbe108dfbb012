import type { ExpressionFunction } from '../../../packages/jsonata-compile/index.ts'
import { prepareFormat } from '../richtext/rich-text.ts'
import { loadLibrary } from '../safe-html/clean.ts'
import {
  absolute,
  base64text,
  bcp47,
  locales,
  markdown,
  price,
  richtext,
  sanitize,
  sha256,
  slug,
  text,
  utc,
} from './functions.ts'

/** What expressions can call besides JSONata's own functions. Those that need a library have it read before the first webhook. */
export const functions: Readonly<Record<string, ExpressionFunction>> = {
  price,
  absolute,
  bcp47,
  slug,
  markdown: prepared(markdown, () => prepareFormat('markdown')),
  richtext: prepared(richtext, ([, format]) => {
    if (format !== undefined) prepareFormat(format)
  }),
  sanitize: prepared(sanitize, () => void loadLibrary()),
  text,
  sha256,
  base64text,
  utc,
  locales,
}

/** The function, and beside it how it is made ready. Modules that import the function itself see nothing of that. */
function prepared(
  call: (...values: never[]) => unknown,
  prepare: NonNullable<ExpressionFunction['prepare']>,
): ExpressionFunction {
  return Object.assign(call.bind(null), { prepare }) // as many parameters as before: expressions look at that
}
