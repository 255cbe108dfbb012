// Payload's local API over HTTP: POST /<method> with the arguments as JSON.
import { createServer } from 'node:http'
import { getPayload } from 'payload'
import config from './payload.config.js'

const payload = await getPayload({ config })

const server = createServer(async (request, response) => {
  try {
    const text = Buffer.concat(await request.toArray()).toString()
    const result = text === '' ? null : await payload[request.url.slice(1)](JSON.parse(text))
    response.end(JSON.stringify(result))
  } catch (error) {
    response.writeHead(500).end(String(error?.stack ?? error))
  }
})
await new Promise((resolve) => server.listen(Number(process.env.PORT), '127.0.0.1', resolve))
await new Promise(() => {}) // `payload run` ends the process when the script does
