import fc from '../../fast-check.ts'

const tag = fc.constantFrom(
  ...'p div a img b br table td li ul script style iframe svg math form input textarea noscript template select h1 video source xmp P A Img'.split(
    ' ',
  ),
)

const url = fc
  .array(
    fc.constantFrom(
      ...[
        'https://',
        'http:',
        '//',
        '/',
        'x.example',
        'javascript:',
        'JavaScript',
        ':',
        '&colon;',
        '&#58;',
        '&Tab;',
        '\t',
      ],
      ...[
        'data:',
        'text/html',
        ',',
        'mailto:',
        '#',
        '?',
        'a=1',
        '&amp;',
        '&',
        ' ',
        '\\',
        'www.facebook.com/tr?',
        '\u0000',
        '&#x3a',
      ],
      ...['www.youtube.com', '/embed/x', 'matomo.php', ' 1x', ' 2w', ', /b'],
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))

const style = fc
  .array(
    fc.constantFrom(
      'color:red',
      ';',
      'width:1px',
      'height:0',
      'background:',
      'url(',
      'x)',
      '&quot;',
      '/*',
      '\\',
      'expression(',
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''))

const attribute = fc.oneof(
  fc.tuple(fc.constantFrom('href', 'src', 'srcset', 'cite', 'poster', 'action', 'xlink:href', 'HREF'), url),
  fc.tuple(fc.constant('style'), style),
  fc.tuple(fc.constantFrom('width', 'height'), fc.constantFrom('0', '1', '01', '100', '1px', '&#49;', '1%')),
  fc.tuple(
    fc.constantFrom('class', 'title', 'alt', 'id', 'data-a', 'onclick', 'onerror', 'srcdoc'),
    fc.constantFrom('a', '', 'a<b', 'a>b', '&lt;b&gt;', 'it&#39;s'),
  ),
)

const written = attribute.chain(([name, value]) =>
  fc.constantFrom(
    `${name}="${value.replaceAll('"', '')}"`,
    `${name}="${value.replaceAll('"', '')}"`,
    `${name}='${value}'`,
    `${name}=${value}`,
    name,
    `${name} = "${value}"`,
  ),
)

const opening = fc
  .tuple(tag, fc.array(written, { maxLength: 3 }), fc.constantFrom('>', '>', '>', ' />', '/>', '', '\n>'))
  .map(([name, attributes, end]) => `<${[name, ...attributes].join(' ')}${end}`)

const piece = fc.oneof(
  { weight: 4, arbitrary: opening },
  { weight: 2, arbitrary: tag.map((name) => `</${name}>`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('text', ' ', 'a & b', '&lt;script&gt;', '&amp;', 'ü', '"', "'", '>', '&nbsp;'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '<',
      '<!--',
      '-->',
      '<!-- a -->',
      '<![CDATA[',
      ']]>',
      '<?php',
      '</',
      '<!doctype html>',
      '\u0000',
    ),
  },
)

/** Bits of HTML in any order: some plain, most of it broken, a part of it hostile. */
export const hostileHtml = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
