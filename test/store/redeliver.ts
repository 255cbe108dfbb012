import { openStore } from '../../src/store/open.ts'

// A command beside a relay that redelivers items, as many as it is told to, and prints how many.
const [path, limit] = process.argv.slice(2)
const store = await openStore(`sqlite:${path}`, { lock: false })
console.log(await store.redeliverItems({ destination: 'main' }, Number(limit), Date.now()))
await store.close()
