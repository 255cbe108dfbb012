import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { complete, files, type Named } from '../../../../src/commands/help/completion/complete.ts'
import { namesIn } from '../../../../src/commands/help/completion/names.ts'
import { createProgram } from '../../../../src/commands/program.ts'
import { createFolder } from '../../../folder.ts'
import { runHere } from '../../run-here.ts'

const names: Record<Named, readonly string[]> = {
  source: ['shop', 'blog'],
  destination: ['main', 'backup'],
  mapper: ['shopify', 'strapi'],
  type: ['post', 'product'],
}

/** What may stand in the place of the last word; a space at the end begins a new one. */
function wordsAt(line: string): readonly string[] | typeof files {
  const found = complete(createProgram({}), line.split(' '), (what) => names[what])
  return found === files ? files : found.map(({ word }) => word)
}

describe('the shell completes', () => {
  test.each([
    ['commands', 're', ['reload', 'replay', 'redeliver', 'remove', 'release']],
    ['commands of a group', 'purge ', ['events', 'items']],
    ['options', 'check --', ['--strict', '--no-store', '--config', '--json', '--help']],
    ['only options that are not given yet', 'check --strict --json --s', []],
    ['options that can be repeated', 'map --var a=b --va', ['--var']],
    ['choices', 'replay --status ', ['processed', 'skipped', 'failed']],
    ['choices behind =', 'replay --status=fa', ['--status=failed']],
    ['sources', 'events --source ', ['shop', 'blog']],
    ['destinations', 'move --from main --to b', ['backup']],
    ['a destination that is an argument', 'enable ', ['main', 'backup']],
    ['mappers', 'init s', ['shopify', 'strapi']],
    ['types of items', 'remove p', ['post', 'product']],
    ['several values of one option', 'tail --type item.dead destination.di', ['destination.disabled']],
    ['options behind several values', 'tail --type item.dead --so', ['--source']],
    ['nothing for a value that looks like an option', 'map --var --source=', []],
    ['shells', 'completion ', ['bash', 'zsh', 'fish']],
    ['nothing of what it can not know', 'remove post ', []],
    ['nothing as an option behind --', 'check -- --', []],
    ['an argument behind the short name of an option', 'mappers -c x.yaml st', ['strapi']],
    ['an argument behind an option with =', 'mappers --config=x.yaml st', ['strapi']],
    ['an argument behind a flag', 'mappers --json st', ['strapi']],
    ['an argument behind an option with a value', 'mappers --config x.yaml st', ['strapi']],
  ])('%s', (_, line, words) => {
    expect(wordsAt(line)).toEqual(words)
  })

  test('files, by its own means', () => {
    for (const line of ['check --config ', 'map --fixture a', 'backup ', 'test ', 'map --fixture=a'])
      expect(wordsAt(line)).toBe(files)
  })

  test('all commands but hidden ones, with what they do', () => {
    const found = complete(createProgram({}), [''], () => [])
    expect(found).toContainEqual({ word: 'status', does: 'what is pending, delivered and dead' })
    expect(found).toContainEqual({ word: 'help', does: 'how a command is called' })
    expect(JSON.stringify(found)).not.toContain('"complete"')
  })
})

test('names are those of the configuration, though it is only half written', async () => {
  const folder = createFolder()
  const config = join(folder, 'relay.yaml')
  writeFileSync(
    config,
    'mappers_dir: .\nsources: { shop: { secret: "${UNSET}" }, "a b": {} }\ndestinations: { main: {} }\n',
  )
  writeFileSync(join(folder, 'ours.yaml'), '')
  const mappers = namesIn('mapper', config, {})
  expect(mappers).toEqual(expect.arrayContaining(['shopify', 'ours']))
  expect(namesIn('source', undefined, { RELAY_CONFIG: config })).toEqual(['shop'])
  expect(namesIn('destination', config, {})).toEqual(['main'])
  expect(namesIn('destination', join(folder, 'nowhere.yaml'), {})).toEqual([])
  const { stdout } = await runHere(['complete', '--', 'events', '--config', config, '--source', ''])
  expect(stdout).toBe('shop  source\n')
  const joined = await runHere(['complete', '--', 'events', `--config=${config}`, '--source', ''])
  expect(joined.stdout).toBe('shop  source\n')
  expect(namesIn('source', undefined, {})).toEqual(['demo', 'shop'])
  expect(namesIn('destination', undefined, {})).toEqual(['sandbox'])
  expect(await runHere(['complete', '--', 'nonsense', '--no'])).toEqual({ code: 0, stdout: '', stderr: '' })
})
