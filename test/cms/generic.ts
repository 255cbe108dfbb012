import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { CreateCms, Held, Outage } from './cms.ts'

const script = join(import.meta.dirname, '../integrations/site.py')
type Site = (...ask: readonly unknown[]) => Promise<unknown>

/** A site of one's own: posts in SQLite, and beside them the Python sender with its outbox. */
export const createGeneric: CreateCms = ({ folder, webhookUrl, secret }) => {
  let site: Site | undefined
  let stop = async () => {}
  const act: Site = (...ask) => site!(...ask)
  const shown = new Map<number, string>()
  const held = (): Held[] =>
    [...shown].map(([id, title]) => ({
      type: 'post',
      id: `post:${id}`,
      url: `https://example.com/${id}`,
      title,
      html: `<p>${title}</p>`,
    }))

  async function save(id: number, title: string): Promise<void> {
    await act('save', id, title)
    shown.set(id, title)
  }

  async function bulk(relay: Outage, from: number, one: (id: number) => Promise<void>): Promise<void> {
    for (let id = 1; id <= 60; id++) {
      if (id === from) await relay.kill()
      await one(id)
      await act('send')
    }
    await relay.restart()
    await act('wait', 300)
  }

  return {
    async start() {
      const child = spawn('python3', [script, webhookUrl, secret, join(folder, 'site.db')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const ended = new Promise((resolve) => child.once('exit', resolve))
      site = async (...ask) => {
        child.stdin.write(`${JSON.stringify(ask)}\n`)
        const { value, done } = await lines.next()
        if (done) throw new Error(`the site has ended at ${ask}`)
        return JSON.parse(value)
      }
      stop = async () => {
        child.stdin.end()
        await ended
      }
      await act('posts')
    },
    async hasSentAll() {
      await act('send')
      return ((await act('pending')) as unknown[]).length === 0
    },
    steps: [
      {
        name: 'save two posts',
        async act() {
          await save(1, 'One')
          await save(2, 'Two')
        },
        webhooks: ['post.updated processed'],
        held,
      },
      {
        name: 'save, and roll back',
        act: () => act('save-and-fail', 1, 'Never'),
        webhooks: [],
        held,
      },
      {
        name: 'the relay is busy: 503 with Retry-After',
        async act(relay) {
          relay.refuse(1, 503, { 'retry-after': '120' })
          await save(1, 'One, edited')
          await act('send')
          await act('wait', 121)
        },
        webhooks: ['no event refused', 'post.updated processed'],
        held,
      },
      {
        name: 'save 60 posts; the relay is killed after 20',
        act: (relay) => bulk(relay, 21, (id) => save(id, `Post ${id}`)),
        webhooks: ['post.updated processed'],
        held,
      },
      {
        name: 'edit all 60, and delete every sixth; the relay is killed after 25',
        act: (relay) =>
          bulk(relay, 26, async (id) => {
            if (id % 6 !== 0) return save(id, `Edited ${id}`)
            await act('delete', id)
            shown.delete(id)
          }),
        webhooks: ['post.deleted processed', 'post.updated processed'],
        held,
      },
    ],
    stop: () => stop(),
  }
}
