import { expect, test } from 'vitest'
import { nearestName } from '../../src/domain/nearest-name.ts'

const mappers = ['shopify', 'strapi', 'storyblok', 'sanity', 'generic', 'ghost', 'github', 'wordpress', 'wix']

test.each([
  ['a wrong letter', 'shopifi', 'shopify'],
  ['a letter too many', 'shoppify', 'shopify'],
  ['a missing letter', 'wordpres', 'wordpress'],
  ['two letters swapped', 'srtapi', 'strapi'],
  ['a short name with its letters swapped', 'wxi', 'wix'],
  ['another case', 'WordPress', 'wordpress'],
  ['two slips in a long name', 'storibloc', 'storyblok'],
  ['the beginning alone', 'word', 'wordpress'],
  ['more than the name', 'ghost-blog', 'ghost'],
])('%s still finds the name', (_, typed, meant) => {
  expect(nearestName(typed, mappers)).toBe(meant)
})

test.each([
  ['a word of its own', 'drupal'],
  ['more slips than one for three letters', 'shpfy-x'],
  ['nothing', ''],
  ['a letter that many begin with', 's'],
])('%s finds none', (_, typed) => {
  expect(nearestName(typed, mappers)).toBeNull()
})

test('a swap of neighbours is one slip, not two', () => {
  expect(nearestName('mian', ['main'])).toBe('main')
  expect(nearestName('abcd', ['badc'])).toBeNull()
})

test('the name with the fewest slips wins, and of equals the first', () => {
  expect(nearestName('post', ['past2', 'posts', 'pest'])).toBe('posts')
  expect(nearestName('token', ['TOKEN'])).toBe('TOKEN')
  expect(nearestName('mainn', ['main-eu', 'main'])).toBe('main')
})

test('a slip is nearer than a name that begins so', () => {
  expect(nearestName('shop', ['shop-fr', 'shop2'])).toBe('shop2')
})

test('a name with every letter wrong is not near, however short', () => {
  expect(nearestName('a', ['b'])).toBeNull()
  expect(nearestName('a', ['ab'])).toBeNull()
})

test('among no names none is near, and a text of any length is answered at once', () => {
  expect(nearestName('main', [])).toBeNull()
  expect(nearestName('x'.repeat(1_000_000), mappers)).toBeNull()
})
