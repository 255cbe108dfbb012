import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const project = join(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'integrations/**/*.md'], {
  cwd: project,
  exclude: (path) => /node_modules/.test(path),
}).sort()

const mostWords = 30

/** Paragraphs, list entries and cells of tables; what is generated from code or quoted is left out. */
function blocksOf(page: string): readonly string[] {
  const text = page
    .replace(/^( *)(```|~~~)[\s\S]*?^\1\2$/gm, '\n')
    .replace(/<!-- (\S+) -->[\s\S]*?<!-- \/\1 -->/g, '\n')
  const blocks: string[] = ['']
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('|')) blocks.push(...line.split(/(?<!\\)\|/), '')
    else if (line === '' || line.startsWith('#')) blocks.push('')
    else if (/^([-*]|\d+\.) /.test(line)) blocks.push(line.replace(/^\S+ /, ''))
    else blocks.push(`${blocks.pop()} ${line}`)
  }
  return blocks
}

/** Sentences with code and targets of links as one word. The parts of a list of links are sentences of their own. */
function sentencesOf(page: string): readonly string[] {
  return blocksOf(page).flatMap((block) =>
    block
      .replace(/`[^`]*`/g, 'code')
      .replace(/\]\([^)]*\)/g, ']()')
      .split(/(?<=[.!?]["”)*]*)\s+|(?<=\]\(\)),\s+(?=\[)|<br>/),
  )
}

const wordsIn = (sentence: string) => sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length

test('a sentence is measured as a reader would', () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ')
  const longest = (text: string) => Math.max(...sentencesOf(text).map(wordsIn))
  expect(longest(`${words(20)}. ${words(31)}.`)).toBe(31)
  expect(longest(`${words(20)};\n${words(11)}`)).toBe(31)
  expect(longest(`- ${words(20)}\n- ${words(12)}`)).toBe(20)
  expect(longest(`| ${words(20)} | ${words(12)} |`)).toBe(20)
  expect(longest(`${words(20)} \`a b c d\` [${words(3)}](a b)`)).toBe(24)
  expect(longest(`\`\`\`\n${words(50)}\n\`\`\`\n${words(3)}`)).toBe(3)
})

test.each(pages)(`%s has no sentence of more than ${mostWords} words`, (page) => {
  const long = sentencesOf(readFileSync(join(project, page), 'utf8')).filter((one) => wordsIn(one) > mostWords)
  expect(long.map((one) => one.trim())).toEqual([])
})
