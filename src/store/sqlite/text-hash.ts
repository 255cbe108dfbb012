import { randomInt } from 'node:crypto'

/** So that nobody can make up texts that are taken for each other. */
export function newSeed(): number {
  return randomInt(2 ** 32 - 1)
}

/** 32 bits of a text, all of them as good. */
export function hashOf(text: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
