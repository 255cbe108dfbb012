import { openSqlite } from '../../src/store/sqlite/open.ts'
import { webhook } from './support.ts'

// A process that accepts events until it is killed, and prints each delivery id once it is acknowledged.
const store = await openSqlite(process.argv[2]!, { lock: true })
await print('open')
let next = 0

function print(line: string): Promise<unknown> {
  return new Promise((resolve) => process.stdout.write(`${line}\n`, resolve))
}

async function sender(): Promise<never> {
  for (;;) {
    const deliveryId = `d${next++}`
    await store.accept([webhook({ deliveryId, body: Buffer.from(deliveryId.repeat(100)) })])
    await print(deliveryId)
  }
}

await Promise.all(Array.from({ length: 16 }, sender))
