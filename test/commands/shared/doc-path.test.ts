import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { expect, test } from 'vitest'
import { docPath, sharedDocPath } from '../../../src/commands/shared/doc-path.ts'
import { createFolder } from '../../folder.ts'

const root = join(import.meta.dirname, '../../..')
const page = 'docs/running.md#size'

test('a page is named by a path that exists from where the user is', () => {
  expect(docPath(page, root)).toBe(page)
  expect(docPath(page, join(root, '..'))).toMatch(/^[^/.][^/]*\/docs\/running\.md#size$/)
  const elsewhere = docPath(page, realpathSync(createFolder()))
  expect(isAbsolute(elsewhere)).toBe(true)
  expect(existsSync(elsewhere.replace('#size', ''))).toBe(true)
})

test('a page of an installed package is named by its place in node_modules', () => {
  const folder = createFolder()
  mkdirSync(join(folder, 'node_modules/cms-relay/docs'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/cms-relay/docs/running.md'), '')
  expect(docPath(page, folder)).toBe('node_modules/cms-relay/docs/running.md#size')
  expect(sharedDocPath(page, folder)).toBe('node_modules/cms-relay/docs/running.md#size')
})

test('a file that others get holds no path of this machine, and a page that is not there is one that was published', () => {
  expect(sharedDocPath(page, createFolder())).toMatch(/^https:\/\/unpkg\.com\/cms-relay@[^/]+\/docs\/running\.md#size$/)
  expect(docPath('docs/none.md', createFolder())).toMatch(/^https:\/\/unpkg\.com\/.*\/docs\/none\.md$/)
})
