import { describe, expect, test } from 'vitest'
import { postWebhook } from '../../../src/commands/try/send/post.ts'
import { describeRefusal } from '../../../src/commands/try/send/refusal.ts'
import { describeFollowed } from '../../../src/commands/try/send/sent.ts'
import { startScriptedCms } from '../../cms-api/support.ts'
import { delivery } from '../../verify/support.ts'

describe('a webhook that is posted', () => {
  test('as GET has no body', async () => {
    const seen: (string | undefined)[] = []
    const cms = await startScriptedCms((request) => {
      seen.push(request.method, request.headers['content-length'], request.headers['transfer-encoding'])
      return { body: {} }
    })
    const sent = delivery({ 'x-a': 'b' }, 'not to be sent', { method: 'GET' })
    expect(await postWebhook(cms.origin, sent, {})).toMatchObject({ status: 200 })
    expect(seen).toEqual(['GET', undefined, undefined])
  })

  test('with a header that HTTP does not know is a mistake of the sender', async () => {
    const cms = await startScriptedCms(() => ({ body: {} }))
    const posted = postWebhook(cms.origin, delivery({ 'x-a': 'a\nb' }, 'x'), {})
    await expect(posted).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining("can't be sent") })
  })
})

describe('a refusal', () => {
  const told = (over: object) => {
    const answer = { status: 503, text: '', retryAfter: null, ...over }
    return describeRefusal({ answer, source: 'shop', scheme: 'hmac' })
  }

  test('tells what the relay says, or that it is another one who answers', () => {
    expect(told({})).toMatch(/^the relay answers 503; /)
    expect(told({ text: '{"error":{"message":"it stops"}}' })).toMatch(/^the relay answers 503: it stops; /)
    expect(told({ text: '<h1>Bad gateway</h1>' })).toMatch(/^the relay answers 503: not an answer of cms-relay; /)
  })

  test('tells when to send again, if the relay has said it', () => {
    expect(told({})).toMatch(/; send it again later$/)
    expect(told({ retryAfter: '7' })).toMatch(/; send it again in 7 s$/)
  })
})

test.each([
  ['processed', true, ['processed', 'nothing to send: it is as it was delivered']],
  ['skipped', true, ['skipped']],
  ['pending', false, ['pending', 'not done after half a minute: cms-relay events evt_1 tells more']],
] as const)('an event without items that is %s is told as such', (status, isSettled, lines) => {
  const event = { id: 'evt_1', status, error: null, reason: null }
  expect(describeFollowed({ event, items: [], isSettled } as never, true)).toEqual(lines)
})
