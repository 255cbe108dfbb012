import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { createBodyReader } from '../../src/http/webhook-body.ts'
import { createIntake } from '../../src/runtime/intake.ts'
import fc from '../fast-check.ts'

test('a body is what its parts are one behind the other, however long each is', async () => {
  const lengths = fc.array(fc.oneof(fc.nat(5), fc.integer({ min: 4_000, max: 5_000 }), fc.nat(100_000)), {
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(lengths, async (all) => {
      const parts = all.map((length, index) => Buffer.alloc(length, 33 + index))
      const intake = createIntake({ webhooks: 1, bytes: () => 100_000_000 })
      const read = createBodyReader(intake, () => 100_000_000)
      const request = { headers: {}, raw: { headers: {} }, held: 0 } as unknown as FastifyRequest
      const body = await new Promise<Buffer | undefined>((resolve, reject) => {
        const payload = Readable.from(parts.filter((part) => part.length > 0)) as unknown as FastifyRequest['raw']
        read(request, payload, (error, whole) => (error ? reject(error) : resolve(whole)))
      })
      expect(body?.equals(Buffer.concat(parts))).toBe(true)
      expect(request.held).toBe(Buffer.concat(parts).length)
    }),
  )
})
