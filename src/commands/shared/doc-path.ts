import { existsSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }

/** The checkout; in a package the compiled files are one folder further down. */
const roots = ['../../..', '../../../..'].map((up) => resolve(import.meta.dirname, up))

/** A page such as `docs/running.md#size`, where the user has it: relative if it is below the working directory, else absolute. */
export function docPath(page: string, folder = process.cwd()): string {
  const near = pathBelow(page, folder)
  if (near !== null) return near
  const root = roots.find((one) => existsSync(join(one, fileOf(page))))
  return root === undefined ? publishedPage(page) : join(root, page)
}

/** The same for a file that others may get: no path of this machine stands in it. */
export function sharedDocPath(page: string, folder: string): string {
  return pathBelow(page, folder) ?? publishedPage(page)
}

function pathBelow(page: string, folder: string): string | null {
  const found = [resolve(folder, 'node_modules/cms-relay'), ...roots].find((one) => existsSync(join(one, fileOf(page))))
  if (found === undefined) return null
  const path = relative(folder, join(found, page))
  return path.startsWith('..') || isAbsolute(path) ? null : path.split(sep).join('/')
}

function publishedPage(page: string): string {
  return `https://unpkg.com/cms-relay@${packageJson.version}/${page}`
}

function fileOf(page: string): string {
  return page.replace(/#.*$/, '')
}
