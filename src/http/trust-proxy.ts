import { compile } from '@fastify/proxy-addr'

type Setting = boolean | string | readonly string[]

/** Whose X-Forwarded-* headers count, by a setting that may change while the relay runs. */
export function createTrust(setting: () => Setting): (address: string, hop: number) => boolean {
  let known: Setting = false
  let isTrusted: (address: string, hop: number) => boolean = () => false
  return (address, hop) => {
    const now = setting()
    if (now !== known) {
      known = now
      isTrusted = typeof now === 'boolean' ? () => now : compile(typeof now === 'string' ? listOf(now) : [...now])
    }
    return isTrusted(address, hop)
  }
}

function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim())
}
