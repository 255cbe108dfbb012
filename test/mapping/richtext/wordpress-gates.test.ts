import { describe, expect, test } from 'vitest'
import { htmlOfRichText } from '../../../src/mapping/richtext/rich-text.ts'
import fc from '../../fast-check.ts'

const html = (text: string, options: object = {}) => htmlOfRichText(text, 'wordpress', options) ?? ''

describe('what is for members alone does not leave', () => {
  test.each([
    ['an enclosing shortcode', '[members_only]secret[/members_only]'],
    ['one with attributes', '[mepr-show rules="1,2" unauth="message"]secret[/mepr-show]'],
    ['one with words for attributes', '[s2If current_user_can(access_s2member_level1)]secret[/s2If]'],
    ['one with quotes that do not fit', '[restrict level="gold]secret[/restrict]'],
    ['one with curly quotes', '[restrict userlevel=”editor”]secret[/restrict]'],
    ['one with brackets in an attribute', '[restrict note="[x"]secret[/restrict]'],
    ['one with HTML in an attribute', '[restrict note="<b>x</b>"]secret[/restrict]'],
    ['one whose name says nothing', '[xyz]secret[/xyz]'],
    ['one in capitals', '[Restrict]secret[/RESTRICT ]'],
    ['one over paragraphs', '<p>[xyz]</p><p>secret</p><p>[/xyz]</p>'],
    [
      'one over blocks',
      '<!-- wp:shortcode -->[xyz]<!-- /wp:shortcode --><p>secret</p><!-- wp:shortcode -->[/xyz]<!-- /wp:shortcode -->',
    ],
    ['one within a harmless one', '[caption]a[xyz]secret[/xyz][/caption]'],
    ['a harmless one within it', '[xyz][caption]secret[/caption]secret[/xyz]'],
    ['one in itself', '[xyz]secret[xyz]secret[/xyz]secret[/xyz]'],
    ['one in itself that ends once', '[xyz]secret[xyz]secret[/xyz]'],
    ['two that overlap', '[xyz]secret[abc]secret[/xyz]secret[/abc]'],
    ['one that never ends', '[members_only level="gold"]secret'],
    [
      'one whose end is in a block that goes',
      '[xyz]secret<!-- wp:pmpro/membership -->[/xyz]<!-- /wp:pmpro/membership -->secret',
    ],
    ['one in an attribute', '<p title="[xyz]secret[/xyz]">a</p>'],
    ['one behind a bracket that is text', '[a man said [xyz]secret[/xyz]'],
    ['one behind a sign that starts no tag', 'a < b [xyz]secret > secret[/xyz]'],
    [
      'a block of Jetpack',
      '<!-- wp:premium-content/container --><div><!-- wp:premium-content/subscriber-view -->secret<!-- /wp:premium-content/subscriber-view --></div><!-- /wp:premium-content/container -->',
    ],
    ['the same without views', '<!-- wp:premium-content/container -->secret<!-- /wp:premium-content/container -->'],
    ['what is behind a paywall', '<!-- wp:jetpack/paywall /--><p>secret</p>'],
    [
      'a block of Memberful',
      '<!-- wp:memberful/restricted-content {"plan":1} -->secret<!-- /wp:memberful/restricted-content -->',
    ],
    [
      'a block of Paid Memberships Pro',
      '<!-- wp:pmpro/membership {"levels":["1"]} --><!-- wp:group -->secret<!-- /wp:group -->secret<!-- /wp:pmpro/membership -->',
    ],
    [
      'a block of MemberPress',
      '<!-- wp:memberpress/protected-content -->secret<!-- /wp:memberpress/protected-content -->',
    ],
    [
      'a block of WooCommerce Memberships',
      '<!-- wp:woocommerce-memberships/member-content -->secret<!-- /wp:woocommerce-memberships/member-content -->',
    ],
    [
      'a block of Restrict Content',
      '<!-- wp:restrict-content-pro/content -->secret<!-- /wp:restrict-content-pro/content -->',
    ],
    ['a block of LearnDash', '<!-- wp:learndash/ld-student -->secret<!-- /wp:learndash/ld-student -->'],
    ['a block that never ends', '<!-- wp:memberful/restricted -->secret'],
    [
      'a block in itself',
      '<!-- wp:acme/members -->secret<!-- wp:acme/members -->secret<!-- /wp:acme/members -->secret<!-- /wp:acme/members -->',
    ],
    [
      'a block limited by Ultimate Member',
      '<!-- wp:group {"um_is_restrict":true,"um_who_access":"1"} -->secret<!-- /wp:group -->',
    ],
    [
      'a block limited by Block Visibility',
      '<!-- wp:group {"blockVisibility":{"controlSets":[{"id":1}]}} -->secret<!-- /wp:group -->',
    ],
    [
      'a block limited by LifterLMS',
      '<!-- wp:paragraph {"llms_visibility":"enrolled"} --><p>secret</p><!-- /wp:paragraph -->',
    ],
    [
      'a block limited by Content Control',
      '<!-- wp:group {"contentControls":{"enabled":true}} -->secret<!-- /wp:group -->',
    ],
    [
      'a block that is hidden',
      '<!-- wp:paragraph {"metadata":{"blockVisibility":false}} --><p>secret</p><!-- /wp:paragraph -->',
    ],
  ])('%s', (_what, gate) => {
    const kept = html(`<p>before</p>${gate}`)
    expect(kept).toContain('before')
    expect(kept).not.toContain('secret')
    if (!/never ends|paywall|that goes/.test(_what)) expect(html(`<p>before</p>${gate}<p>after</p>`)).toContain('after')
  })
})

describe('what is for everybody stays', () => {
  test.each([
    ['the content of WordPress’ own shortcodes', '[caption id="a"]open[/caption]', 'open'],
    [
      'what Jetpack shows to visitors',
      '<!-- wp:premium-content/container --><!-- wp:premium-content/logged-out-view -->open<!-- /wp:premium-content/logged-out-view --><!-- /wp:premium-content/container -->',
      'open',
    ],
    [
      'what Paid Memberships Pro shows to visitors',
      '<!-- wp:pmpro/membership-exclude -->open<!-- /wp:pmpro/membership-exclude -->',
      'open',
    ],
    [
      'an ordinary block',
      '<!-- wp:group {"layout":{"type":"constrained"},"metadata":{"name":"x"}} -->open<!-- /wp:group -->',
      'open',
    ],
    ['a block of one’s own', '<!-- wp:acme/faq {"items":[]} -->open<!-- /wp:acme/faq -->', 'open'],
    [
      'a block without a limit',
      '<!-- wp:paragraph {"llms_visibility":"all","um_is_restrict":false} -->open<!-- /wp:paragraph -->',
      'open',
    ],
    ['text in brackets', 'open [sic] [1] [private] and [a b]', 'open [sic] [1] [private] and [a b]'],
    [
      'a shortcode that is written about',
      'open [[members_only]] and [[xyz]text[/xyz]]',
      'open [members_only] and [xyz]text[/xyz]',
    ],
    ['what is behind a form', 'open [contact-form-7 id="1"] and [mepr_login_form] more', 'open  and  more'],
    ['an end without a beginning', 'open[/xyz] more', 'open more'],
  ])('%s', (_what, text, kept) => {
    expect(html(text)).toBe(kept)
  })
})

test('a source names the shortcodes whose content may leave', () => {
  const text = '[vc_row][quote]open[/quote][/vc_row][caption]a[/caption]'
  expect(html(text)).toBe('a')
  expect(html(text, { shortcodes: ['vc_row', 'quote'] })).toBe('open')
})

test('in rendered HTML only gates go: brackets are text, and clean HTML stays as it is, to the byte', () => {
  const rendered = { rendered: true }
  const open = '<p>Use [gallery] and [xyz]this[/xyz]</p>\n\n\n\n<p class="wp-block-paragraph">b</p>\n'
  expect(html(open, rendered)).toBe(open)
  expect(html('<p>[members_only]secret[/members_only]</p>', rendered)).toBe('<p></p>')
  const block = '<div class="a wp-block-premium-content-subscriber-view"><div>secret</div>secret</div>'
  expect(html(`${block}<p>open</p>`, rendered)).toBe('<p>open</p>')
  expect(html(`<!-- wp:memberful/restricted -->secret<!-- /wp:memberful/restricted --><p>open</p>`, rendered)).toBe(
    '<p>open</p>',
  )
})

test('however shortcodes nest, no secret leaves', () => {
  const name = fc.constantFrom('a', 'members', 'x_y', 'caption', 'b-c')
  const part = fc.letrec<{ part: string }>((tie) => ({
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('open', '<p>open</p>', '[1]', '<!-- wp:group -->', '<!-- /wp:group -->', ' < '),
      fc
        .tuple(name, fc.constantFrom('', ' x="1"', ' y', ' "z"'), fc.array(tie('part'), { maxLength: 3 }))
        .map(([tag, attributes, inner]) => {
          const text = inner.join('')
          return `[${tag}${attributes}]${tag === 'caption' ? text : `secret${text}secret`}[/${tag}]`
        }),
    ),
  })).part
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      expect(html(parts.join(''))).not.toContain('secret')
    }),
    { numRuns: 1000 },
  )
})
