import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from '../../folder.ts'
import { startRelay } from '../../support.ts'
import { runHere } from '../run-here.ts'

// What an upgrade changes: the events of an older mapper, compared with what the mapper is now.

const before = { match: 'event = "note"', url: '"https://example.com/n/" & (slug ? slug)', title: 'name' }
const after = {
  match: 'event = "note" and $not(hidden = true)',
  url: '"https://example.com/n/" & slug',
  title: 'name & mark',
}

function writeMappers(folder: string, { match, url, title }: typeof before) {
  const fields = `type: post, id: '"post:" & id', version: revision, text: text`
  writeFileSync(
    join(folder, 'notes.yaml'),
    `{ name: notes, title: Notes, verify: { scheme: header, header: x-a },
       records: [{ name: note, match: '${match}', ${fields}, url: '${url}', title: '${title}' }] }`,
  )
  writeFileSync(
    join(folder, 'thin.yaml'),
    `{ name: thin, title: Thin, verify: { scheme: header, header: x-a }, fetch: { base_url: '"https://api.test"', token: { query: t } },
       records: [{ name: note, fetch: { url: '"/notes/" & id' }, ${fields}, url: '"https://example.com/" & id' }] }`,
  )
}

const notes = { mapper: 'notes', destination: 'main', verify: 'none' }
const sources = {
  notes,
  gone: notes,
  thin: { mapper: 'thin', destination: 'main', verify: 'none', fetch: { token: 't' } },
}

const note = (id: number, over: object = {}) => ({
  event: 'note',
  id,
  revision: 1,
  slug: `n${id}`,
  name: `Note ${id}`,
  text: 'T',
  ...over,
})

/** A relay of the older mapper, still at work, with what has come; and the command line of the newer one beside it. */
async function upgraded() {
  const folder = createFolder()
  const store = `sqlite:${folder}/relay.db`
  writeMappers(folder, before)
  const relay = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', mappersDir: folder, store, sources })
  await relay.send('notes', note(1))
  await relay.send('notes', note(2, { mark: '!' }))
  await relay.send('notes', note(2, { mark: '?', revision: 2 }))
  await relay.send('notes', note(3, { slug: undefined }))
  await relay.send('notes', note(4, { hidden: true }))
  await relay.send('notes', { ...note(5), id: undefined }) // fails, then as now
  await relay.send('notes', { event: 'note.read' }) // skipped, then as now
  await relay.send('gone', note(8))
  await relay.send('thin', { id: 9 })
  await relay.map()
  await relay.send('notes', note(10)) // pending: it has not been mapped
  writeMappers(folder, after)
  const config = join(folder, 'relay.conf')
  const { gone: _, ...rest } = sources
  const destination = { token: 'a.bbbb', website_id: 's', site_domain: 'example.com', default_language: 'en' }
  writeFileSync(
    config,
    JSON.stringify({ store, mappers_dir: folder, destinations: { main: destination }, sources: rest }),
  )
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runHere(['replay', ...args, '--config', config])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }
  return { ...relay, run }
}

describe('replay --diff --last', () => {
  test('shows in full what an upgrade changes, sums the rest up, and changes nothing', async () => {
    const { run, relay } = await upgraded()
    const stats = await relay.store.readStats()
    const output = await run('--diff', '--last', '1000')
    const [changed, fails, skipped, summary] = output.split('\n\n')
    expect(changed).toMatch(
      /^evt_3 of notes: notes \w+ \(then \w+\)\n {2}main post post:2: upsert, changed\n {4}title\n {6}- "Note 2"\n {6}\+ "Note 2\?"$/,
    )
    expect(fails).toMatch(/^evt_4 of notes.*\n {2}fails: .*`slug` gave nothing/)
    expect(skipped).toMatch(/^evt_5 of notes.*\n {2}nothing comes of it: no record of mapper 'notes' matches/)
    expect(summary).toBe(
      '9 events: 4 same, 1 changed, 1 fail now, 1 skipped now, 2 not compared; nothing was done\n' +
        "  1 not compared: source 'gone' is not configured any more\n" +
        '  1 not compared: the CMS would have to be asked for their records\n',
    )
    expect(await relay.store.readStats()).toEqual(stats)
    expect(await relay.store.getEvent('evt_3')).toMatchObject({ status: 'processed', replays: 0 })
  })

  test('prints every event and the sums as JSON', async () => {
    const { run } = await upgraded()
    const { events, summary } = JSON.parse(await run('--diff', '--last', '1000', '--json'))
    expect(summary).toEqual({
      events: 9,
      matching: 9,
      same: 4,
      changed: 1,
      fails: 1,
      skipped: 1,
      not_compared: 2,
    })
    expect(events.map(({ event_id, result }: { event_id: string; result: string }) => `${event_id} ${result}`)).toEqual(
      [
        'evt_1 same',
        'evt_2 same',
        'evt_3 changed',
        'evt_4 fails',
        'evt_5 skipped',
        'evt_6 same',
        'evt_7 same',
        'evt_8 not_compared',
        'evt_9 not_compared',
      ],
    )
    expect(events[2].changes[0].differences).toEqual([{ path: 'title', before: 'Note 2', after: 'Note 2?' }])
    expect(events[7]).toEqual({
      event_id: 'evt_8',
      result: 'not_compared',
      reason: "source 'gone' is not configured any more",
    })
    expect(events[8].skipped).toBe('has to ask GET /notes/9')
  })

  test('takes the newest of those that the other filters leave', async () => {
    const { run } = await upgraded()
    const ids = async (...args: string[]) =>
      JSON.parse(await run('--diff', '--json', ...args)).events.map(({ event_id }: { event_id: string }) => event_id)
    expect(await ids('--last', '3')).toEqual(['evt_7', 'evt_8', 'evt_9'])
    expect(await ids('--last', '2', '--source', 'notes')).toEqual(['evt_6', 'evt_7'])
    expect(await ids('--last', '2', '--source', 'notes', '--status', 'processed')).toEqual(['evt_4', 'evt_5'])
    expect(await ids('--last', '9', '--until', '2020-01-01T00:00:00Z')).toEqual([])
    expect(await ids('--source', 'notes', '--limit', '1')).toEqual(['evt_1'])
    expect(await run('--diff', '--source', 'notes', '--limit', '1')).toMatch(/^1 event \(7 match; --limit\): 1 same/)
  })

  test('without --diff, puts the newest through the mapper again', async () => {
    const { run, relay } = await upgraded()
    expect(await run('--last', '2', '--source', 'notes', '--dry-run')).toBe(
      '2 events would go through the mapper again; nothing was done\n',
    )
    expect(await run('--last', '2', '--source', 'notes')).toBe('2 events will go through the mapper again\n')
    const { rows } = await relay.store.listEvents({ status: 'pending' }, { limit: 9 })
    expect(rows.map(({ id }) => id).sort()).toEqual(['evt_10', 'evt_6', 'evt_7'])
  })
})
