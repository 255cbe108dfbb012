import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from './cms.ts'
import type { CmsName } from './pins.ts'

const docs = join(import.meta.dirname, '../../docs/cms')
const begin = '<!-- made by `npm run test:cms -- --write` -->'
const end = '<!-- end -->'

export function readPage(name: CmsName): Page {
  const path = join(docs, `${name}.md`)
  const text = readFileSync(path, 'utf8')
  return {
    path,
    code: (language) =>
      [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)]
        .filter(([, , found]) => found === language)
        .map(([, indent = '', , code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
  }
}

/** Replaces what stands between the markers of the page. */
export function writeProof(page: Page, proof: string): void {
  const text = readFileSync(page.path, 'utf8')
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page.path} has no markers for the proof`)
  writeFileSync(page.path, `${before}${begin}\n${proof}\n${end}${after}`)
}
