// Payload's local API over HTTP: POST /<method> with the arguments as JSON.
import { createServer } from 'node:http'
import { getPayload } from 'payload'
import config from './payload.config.js'
import { relaySync } from './src/relay'

const payload = await getPayload({ config })

// One thing at a time: in one process, two transactions of SQLite would wait for each other.
let last = Promise.resolve()
const inTurn = (act) => {
  const done = last.then(act)
  last = done.catch(() => {})
  return done
}
const run = () => payload.jobs.run({ queue: 'relay', limit: 100, sequential: true, silent: { info: true } })
setInterval(() => inTurn(run).catch((error) => payload.logger.error(error)), 500)

const server = createServer(async (request, response) => {
  try {
    const text = Buffer.concat(await request.toArray()).toString()
    const method = request.url.slice(1)
    const call =
      method === 'relaySync' ? ({ collection }) => relaySync(payload, collection) : (args) => payload[method](args)
    const result = text === '' ? null : ((await inTurn(() => call(JSON.parse(text)))) ?? null)
    response.end(JSON.stringify(result))
  } catch (error) {
    response.writeHead(500).end(String(error?.stack ?? error))
  }
})
await new Promise((resolve) => server.listen(Number(process.env.PORT), '127.0.0.1', resolve))
await new Promise(() => {}) // `payload run` ends the process when the script does
