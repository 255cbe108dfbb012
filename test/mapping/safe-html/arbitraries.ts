import fc from '../../fast-check.ts'

const tag = fc.constantFrom(
  ...(
    'p div a img b br table tr td caption li ul pre script style iframe svg math form input textarea noscript template ' +
    'select option h1 video source xmp plaintext title mtext mglyph foreignObject desc annotation-xml noembed noframes ' +
    'object frameset dialog details image P A Img'
  ).split(' '),
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
      ...[
        'position',
        'POSITION',
        'posi\\74ion',
        'posi/**/tion',
        ':',
        ' : ',
        'fixed',
        'absolute',
        'fix\\65 d',
        '!important',
      ],
      ...[
        'position:fixed',
        'position: relative',
        'position&#58;sticky',
        'top:-9999px',
        'margin:-9999px 0',
        '"',
        "'",
        '*/',
      ],
      ...[
        'transform:scale(99)',
        'box-shadow:0 0 0 9999px red',
        'padding:calc(99px*99)',
        '--a:fixed',
        '\n',
        '(',
        ')',
        '{',
        '}',
      ],
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))

const attribute = fc.oneof(
  fc.tuple(fc.constantFrom('href', 'src', 'srcset', 'cite', 'poster', 'action', 'xlink:href', 'HREF'), url),
  fc.tuple(fc.constant('style'), style),
  fc.tuple(fc.constantFrom('width', 'height'), fc.constantFrom('0', '1', '01', '100', '1px', '&#49;', '1%')),
  fc.tuple(
    fc.constantFrom('id', 'name', 'ID'),
    fc.constantFrom('chapter-1', 'location', 'cookie', 'getElementById', '__proto__', 'submit', 'l&#111;cation', 'top'),
  ),
  fc.tuple(fc.constant('target'), fc.constantFrom('_blank', '_BLANK', '_top', 'window', '', '&#95;blank')),
  fc.tuple(fc.constant('rel'), fc.constantFrom('nofollow', 'noopener', 'NoOpener nofollow', 'opener', '')),
  fc.tuple(
    fc.constantFrom(
      ...'hx-get data-hx-get data-hx-on:click x-data x-on:click @click :href v-html ng-init data-ng-init data-turbo'.split(
        ' ',
      ),
      ...'data-turbo-method data-action data-controller data-bs-toggle data-toggle data-remote data-method _ is'.split(
        ' ',
      ),
      ...'slot data-bind data-reactroot up-target wire:click sx-get data-id data-lang aria-label'.split(' '),
    ),
    fc.constantFrom('a', '/x', '{a: 1}', 'javascript:steal()'),
  ),
  fc.tuple(
    fc.constantFrom('class', 'title', 'alt', 'id', 'data-a', 'onclick', 'onerror', 'srcdoc'),
    fc.constantFrom(
      ...[
        'a',
        '',
        'a<b',
        'a>b',
        '&lt;b&gt;',
        'it&#39;s',
        '--><img src=x onerror=a>',
        '</noscript><img src=x onerror=a>',
      ],
      ...['</style><img src=x onerror=a>', '</title><img src=x onerror=a>', '`'],
    ),
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
      ...['<!-->', '<!--->', '--!>', '<?', '<!', '<%', '&lt', '&#60', '<!--<img src=x onerror=a>-->', '<p/x=', '\r\n'],
    ),
  },
)

/** Bits of HTML in any order: some plain, most of it broken, a part of it hostile. */
export const hostileHtml = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
