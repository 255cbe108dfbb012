import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMigrations } from '../../../src/store/sqlite/migrate.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { writeConfig } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { runHere } from '../run-here.ts'

test('a backup says where it is, refuses what is there, and replaces it when told to', async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
  const path = join(cwd, 'relay.db')
  const file = join(cwd, 'backup.db')
  const run = (...args: string[]) =>
    runHere(['backup', ...args, '--config', join(cwd, 'relay.yaml')], { RELAY_STORE: `sqlite:${path}` })

  expect(await run(file)).toEqual({ code: 1, stdout: '', stderr: `cms-relay: there is no database ${path} yet\n` })
  await (await openSqlite(path, { thread: false })).close()
  expect(await run(file)).toEqual({ code: 0, stdout: `${file}: 0.2 MB, checked\n`, stderr: '' })
  const again = await run(file)
  expect(again).toMatchObject({ code: 1, stdout: '' })
  expect(again.stderr).toBe(`cms-relay: ${file} exists already: give another name, or --force to replace it\n`)
  const forced = await run(file, '--force', '--json')
  expect(JSON.parse(forced.stdout)).toEqual({ file, bytes: expect.any(Number), schema: readMigrations().length })
  expect(await run()).toMatchObject({ code: 2, stdout: '' })
  expect(readdirSync(cwd).filter((name) => name.startsWith('backup'))).toEqual(['backup.db'])
})
