import { expect, test } from 'vitest'
import { htmlOfRichText } from '../../../src/mapping/richtext/rich-text.ts'

const contentful = {
  nodeType: 'document',
  data: {},
  content: [
    { nodeType: 'heading-2', data: {}, content: [{ nodeType: 'text', value: 'A & B', marks: [], data: {} }] },
    {
      nodeType: 'paragraph',
      data: {},
      content: [
        { nodeType: 'text', value: 'bold', marks: [{ type: 'bold' }, { type: 'italic' }], data: {} },
        { nodeType: 'text', value: ' and ', marks: [], data: {} },
        {
          nodeType: 'hyperlink',
          data: { uri: 'https://x.example/?a=1&b=2' },
          content: [{ nodeType: 'text', value: 'link', marks: [], data: {} }],
        },
        {
          nodeType: 'entry-hyperlink',
          data: { target: { sys: { id: '1', type: 'Link', linkType: 'Entry' } } },
          content: [{ nodeType: 'text', value: ' entry', marks: [], data: {} }],
        },
        { nodeType: 'embedded-entry-inline', data: { target: { sys: { id: '2' } } }, content: [] },
      ],
    },
    { nodeType: 'embedded-asset-block', data: { target: { sys: { id: '3' } } }, content: [] },
    {
      nodeType: 'embedded-asset-block',
      data: {
        target: {
          fields: {
            title: 'Tree',
            description: 'An oak',
            file: { url: '//images.ctfassets.net/a.jpg', contentType: 'image/jpeg' },
          },
        },
      },
      content: [],
    },
    {
      nodeType: 'unordered-list',
      data: {},
      content: [
        {
          nodeType: 'list-item',
          data: {},
          content: [{ nodeType: 'paragraph', data: {}, content: [{ nodeType: 'text', value: 'one', marks: [] }] }],
        },
      ],
    },
    {
      nodeType: 'table',
      data: {},
      content: [
        {
          nodeType: 'table-row',
          data: {},
          content: [
            {
              nodeType: 'table-header-cell',
              data: {},
              content: [{ nodeType: 'paragraph', data: {}, content: [{ nodeType: 'text', value: 'head', marks: [] }] }],
            },
          ],
        },
      ],
    },
    {
      nodeType: 'callout-of-tomorrow',
      data: {},
      content: [{ nodeType: 'paragraph', data: {}, content: [{ nodeType: 'text', value: 'new', marks: [] }] }],
    },
    { nodeType: 'hr', data: {}, content: [] },
  ],
}

const portabletext = [
  {
    _type: 'block',
    _key: 'a1',
    style: 'h2',
    markDefs: [],
    children: [{ _type: 'span', _key: 'a2', text: 'Portable Text, not HTML', marks: ['strong'] }],
  },
  {
    _type: 'block',
    _key: 'b',
    style: 'normal',
    markDefs: [
      { _key: 'l', _type: 'link', href: 'https://x.example/' },
      { _key: 'e', _type: 'link', href: 'javascript:steal()' },
      { _key: 'i', _type: 'internalLink', reference: { _ref: 'x' } },
    ],
    children: [
      { _type: 'span', _key: 'c', text: 'link', marks: ['l', 'underline'] },
      { _type: 'span', _key: 'd', text: ' evil', marks: ['e'] },
      { _type: 'span', _key: 'e', text: ' inner\nline', marks: ['i'] },
    ],
  },
  {
    _type: 'block',
    _key: 'd',
    listItem: 'bullet',
    level: 1,
    style: 'normal',
    markDefs: [],
    children: [{ _type: 'span', _key: 'e', text: 'one', marks: [] }],
  },
  { _type: 'image', _key: 'f', asset: { url: 'https://cdn.sanity.io/a.png' }, alt: 'An oak' },
  { _type: 'image', _key: 'g', asset: { _ref: 'image-abc-200x200-png' } },
  { _type: 'code', _key: 'h', code: 'a < b', language: 'js' },
  {
    _type: 'callout',
    _key: 'i',
    body: [{ _type: 'block', _key: 'j', children: [{ _type: 'span', _key: 'k', text: 'called', marks: [] }] }],
  },
]

const storyblok = {
  type: 'doc',
  content: [
    { type: 'heading', attrs: { level: 2 }, content: [{ type: 'text', text: 'Head' }] },
    {
      type: 'paragraph',
      content: [
        { type: 'text', text: 'bold', marks: [{ type: 'bold' }] },
        { type: 'hard_break' },
        {
          type: 'text',
          text: 'link',
          marks: [{ type: 'link', attrs: { href: '/about', linktype: 'story', anchor: 'team', uuid: 'u' } }],
        },
        { type: 'text', text: 'mail', marks: [{ type: 'link', attrs: { href: 'a@b.example', linktype: 'email' } }] },
        { type: 'emoji', attrs: { name: 'smile', emoji: '😄' } },
      ],
    },
    {
      type: 'ordered_list',
      attrs: { order: 3 },
      content: [{ type: 'list_item', content: [{ type: 'paragraph', content: [{ type: 'text', text: 'three' }] }] }],
    },
    { type: 'code_block', attrs: { class: 'language-js' }, content: [{ type: 'text', text: 'a < b' }] },
    { type: 'image', attrs: { src: 'https://a.storyblok.com/f/1/a.png', alt: 'An oak', title: '' } },
    { type: 'blok', attrs: { id: 'x', body: [{ component: 'teaser', text: 'Teaser', _uid: 'y' }] } },
    {
      type: 'table',
      content: [
        {
          type: 'tableRow',
          content: [
            {
              type: 'tableHeader',
              attrs: { colspan: 2, rowspan: 1 },
              content: [{ type: 'paragraph', content: [{ type: 'text', text: 'wide' }] }],
            },
          ],
        },
      ],
    },
    { type: 'horizontal_rule' },
  ],
}

const prismic = [
  { type: 'heading1', text: 'Head', spans: [], direction: 'ltr' },
  {
    type: 'paragraph',
    text: 'bold and link\nnext',
    spans: [
      { start: 0, end: 4, type: 'strong' },
      { start: 9, end: 13, type: 'hyperlink', data: { link_type: 'Web', url: 'https://x.example/' } },
    ],
  },
  { type: 'list-item', text: 'one', spans: [] },
  { type: 'list-item', text: 'two', spans: [] },
  { type: 'o-list-item', text: 'first', spans: [{ start: 0, end: 99, type: 'em' }] },
  { type: 'preformatted', text: 'a < b', spans: [] },
  { type: 'image', url: 'https://images.prismic.io/a.png', alt: 'An oak', dimensions: { width: 1, height: 1 } },
  {
    type: 'embed',
    oembed: { embed_url: 'https://www.youtube.com/watch?v=1', title: 'Video', html: '<script></script>' },
  },
  { type: 'novelty', text: 'new', spans: [] },
]

const dast = {
  schema: 'dast',
  document: {
    type: 'root',
    children: [
      { type: 'heading', level: 2, children: [{ type: 'span', value: 'Head' }] },
      {
        type: 'paragraph',
        children: [
          { type: 'span', marks: ['strong', 'highlight'], value: 'bold\nline' },
          { type: 'link', url: 'https://x.example/', children: [{ type: 'span', value: 'link' }] },
          { type: 'itemLink', item: '38945648', children: [{ type: 'span', value: 'record' }] },
          { type: 'inlineItem', item: '74619345' },
        ],
      },
      {
        type: 'list',
        style: 'numbered',
        children: [{ type: 'listItem', children: [{ type: 'paragraph', children: [{ type: 'span', value: 'one' }] }] }],
      },
      {
        type: 'blockquote',
        attribution: 'Someone',
        children: [{ type: 'paragraph', children: [{ type: 'span', value: 'said' }] }],
      },
      { type: 'code', language: 'js', code: 'a < b' },
      { type: 'block', item: '1238455312' },
      { type: 'block', item: { id: '1', attributes: { text: 'nested' } } },
      { type: 'thematicBreak' },
    ],
  },
}

const text = (value: string, format = 0) => ({
  type: 'text',
  version: 1,
  text: value,
  format,
  mode: 'normal',
  style: '',
  detail: 0,
})
const lexical = {
  root: {
    type: 'root',
    format: '',
    indent: 0,
    version: 1,
    children: [
      { type: 'heading', tag: 'h2', children: [text('Head')] },
      {
        type: 'paragraph',
        children: [
          text('both', 3),
          { type: 'linebreak' },
          {
            type: 'link',
            fields: { url: 'https://x.example/', linkType: 'custom', newTab: true },
            children: [text('link')],
          },
          {
            type: 'link',
            fields: { linkType: 'internal', doc: { relationTo: 'pages', value: 'x' } },
            children: [text(' page')],
          },
          { type: 'autolink', fields: { url: 'javascript:steal()' }, children: [text(' evil')] },
        ],
      },
      { type: 'paragraph', children: [] },
      {
        type: 'list',
        listType: 'number',
        tag: 'ol',
        start: 2,
        children: [{ type: 'listitem', value: 2, children: [text('two')] }],
      },
      { type: 'quote', children: [text('said')] },
      { type: 'upload', relationTo: 'media', value: { url: '/media/a.png', alt: 'An oak', mimeType: 'image/png' } },
      {
        type: 'upload',
        relationTo: 'media',
        value: { url: '/media/a.pdf', filename: 'a.pdf', mimeType: 'application/pdf' },
      },
      { type: 'upload', relationTo: 'media', value: '65f0c0ffee0000000000000a' },
      {
        type: 'block',
        fields: {
          blockType: 'callout',
          content: { root: { children: [{ type: 'paragraph', children: [text('called')] }] } },
        },
      },
      {
        type: 'table',
        children: [
          {
            type: 'tablerow',
            children: [
              {
                type: 'tablecell',
                headerState: 1,
                colSpan: 2,
                children: [{ type: 'paragraph', children: [text('head')] }],
              },
              { type: 'tablecell', headerState: 0, children: [] },
            ],
          },
        ],
      },
      { type: 'horizontalrule' },
    ],
  },
}

const slatePayload = [
  { type: 'h2', children: [{ text: 'Head' }] },
  {
    children: [
      { text: 'both', bold: true, italic: true },
      { type: 'link', linkType: 'custom', url: '/a', children: [{ text: 'link' }] },
    ],
  },
  { type: 'ul', children: [{ type: 'li', children: [{ text: 'one' }] }] },
  { type: 'upload', relationTo: 'media', value: { url: '/media/a.png', alt: 'An oak' }, children: [{ text: '' }] },
]

const slateHygraph = {
  json: {
    children: [
      { type: 'heading-two', children: [{ text: 'Head' }] },
      { type: 'paragraph', children: [{ text: 'Slate-like AST, not HTML' }] },
      {
        type: 'bulleted-list',
        children: [{ type: 'list-item', children: [{ type: 'list-item-child', children: [{ text: 'one' }] }] }],
      },
      {
        type: 'paragraph',
        children: [
          { text: '' },
          { type: 'link', href: 'https://x.example/', children: [{ text: 'link' }] },
          { text: '' },
        ],
      },
      { type: 'image', src: 'https://media.example/a.png', altText: 'An oak"', children: [{ text: '' }] },
      { type: 'iframe', url: 'https://x.example/player', children: [{ text: '' }] },
      {
        type: 'table',
        children: [
          {
            type: 'table_body',
            children: [
              {
                type: 'table_row',
                children: [{ type: 'table_cell', children: [{ type: 'paragraph', children: [{ text: 'cell' }] }] }],
              },
            ],
          },
        ],
      },
    ],
  },
}

const contentstack = {
  type: 'doc',
  uid: 'a',
  attrs: {},
  children: [
    { type: 'h2', attrs: {}, uid: 'b', children: [{ text: 'Head' }] },
    {
      type: 'p',
      attrs: {},
      children: [
        { text: 'code', inlineCode: true },
        { type: 'a', attrs: { url: 'https://x.example/', target: '_self' }, children: [{ text: 'link' }] },
      ],
    },
    {
      type: 'reference',
      attrs: {
        type: 'asset',
        'asset-link': 'https://images.contentstack.io/a.png',
        alt: 'An oak',
        'display-type': 'display',
      },
      children: [{ text: '' }],
    },
    {
      type: 'reference',
      attrs: { type: 'entry', 'entry-uid': 'x', 'display-type': 'block' },
      children: [{ text: '' }],
    },
    { type: 'fragment', children: [{ text: 'loose' }] },
  ],
}

const blocks = [
  { type: 'heading', level: 3, children: [{ type: 'text', text: 'Head' }] },
  {
    type: 'paragraph',
    children: [
      { type: 'text', text: 'Blocks, not HTML', bold: true },
      { type: 'link', url: 'https://x.example/', children: [{ type: 'text', text: 'link' }] },
    ],
  },
  {
    type: 'list',
    format: 'ordered',
    children: [
      { type: 'list-item', children: [{ type: 'text', text: 'one' }] },
      {
        type: 'list',
        format: 'unordered',
        indentLevel: 1,
        children: [{ type: 'list-item', children: [{ type: 'text', text: 'sub' }] }],
      },
    ],
  },
  { type: 'quote', children: [{ type: 'text', text: 'said\nso' }] },
  { type: 'code', language: 'js', children: [{ type: 'text', text: 'a\nb' }] },
  {
    type: 'image',
    image: { url: '/uploads/a.png', alternativeText: 'An oak', mime: 'image/png' },
    children: [{ type: 'text', text: '' }],
  },
]

const editorjs = {
  time: 1,
  version: '2.30.0',
  blocks: [
    { id: 'a', type: 'header', data: { text: 'Head', level: 2 } },
    { id: 'b', type: 'paragraph', data: { text: 'Some <b>bold</b> &amp; <a href="javascript:steal()">evil</a>' } },
    {
      id: 'c',
      type: 'list',
      data: { style: 'ordered', items: ['one', { content: 'two', items: [{ content: 'sub', items: [] }] }] },
    },
    { id: 'd', type: 'checklist', data: { items: [{ text: 'done', checked: true }] } },
    { id: 'e', type: 'quote', data: { text: 'said', caption: 'Someone' } },
    { id: 'f', type: 'code', data: { code: 'a < b' } },
    { id: 'g', type: 'image', data: { file: { url: '/a.png' }, caption: 'An <i>oak</i>' } },
    {
      id: 'h',
      type: 'table',
      data: {
        withHeadings: true,
        content: [
          ['a', 'b'],
          ['c', 'd'],
        ],
      },
    },
    {
      id: 'i',
      type: 'embed',
      data: {
        service: 'youtube',
        source: 'https://www.youtube.com/watch?v=1',
        embed: 'https://www.youtube.com/embed/1',
        caption: 'Video',
      },
    },
    { id: 'j', type: 'delimiter', data: {} },
    { id: 'k', type: 'raw', data: { html: '<p>raw</p><script>steal()</script>' } },
    { id: 'l', type: 'novelty', data: { text: 'new' } },
  ],
}

const ricos = {
  nodes: [
    {
      type: 'HEADING',
      id: 'a',
      nodes: [{ type: 'TEXT', nodes: [], textData: { text: 'Head', decorations: [] } }],
      headingData: { level: 2 },
    },
    {
      type: 'PARAGRAPH',
      nodes: [
        { type: 'TEXT', nodes: [], textData: { text: 'bold', decorations: [{ type: 'BOLD', fontWeightValue: 700 }] } },
        {
          type: 'TEXT',
          nodes: [],
          textData: {
            text: 'link',
            decorations: [{ type: 'LINK', linkData: { link: { url: 'https://x.example/', target: 'BLANK' } } }],
          },
        },
      ],
    },
    {
      type: 'BULLETED_LIST',
      nodes: [
        {
          type: 'LIST_ITEM',
          nodes: [
            { type: 'PARAGRAPH', nodes: [{ type: 'TEXT', nodes: [], textData: { text: 'one', decorations: [] } }] },
          ],
        },
      ],
    },
    {
      type: 'IMAGE',
      nodes: [],
      imageData: { image: { src: { id: '8bb438_131a7e1872bc45ec827bb61e56b840fe.jpg' } }, altText: 'An oak' },
    },
    {
      type: 'VIDEO',
      nodes: [],
      videoData: { video: { src: { url: 'https://www.youtube.com/watch?v=1' } }, title: 'Video' },
    },
    { type: 'DIVIDER', nodes: [] },
    {
      type: 'COLLAPSIBLE_LIST',
      nodes: [
        { type: 'PARAGRAPH', nodes: [{ type: 'TEXT', nodes: [], textData: { text: 'hidden', decorations: [] } }] },
      ],
    },
  ],
  metadata: { version: 1 },
}

const wordpress = `<!-- wp:heading {"level":3} -->
<h3>Head</h3>
<!-- /wp:heading -->

<!-- wp:paragraph -->
<p>Text [sic] with [1] [contact-form-7 id="1" title="Form"] and [[gallery]].</p>
<!-- /wp:paragraph -->

[caption id="a" width="300"]<img src="/a.png" alt="[b]"> Caption[/caption]
[gallery ids="1,2"]<!--more--><p title="[x y=1]">End</p>`

test.each([
  [
    'contentful',
    contentful,
    '<h2>A &amp; B</h2><p><i><b>bold</b></i> and <a href="https://x.example/?a=1&amp;b=2">link</a> entry</p>' +
      '<img src="https://images.ctfassets.net/a.jpg" alt="An oak" /><ul><li><p>one</p></li></ul>' +
      '<table><tr><th><p>head</p></th></tr></table><p>new</p><hr/>',
  ],
  [
    'portabletext',
    portabletext,
    '<h2><strong>Portable Text, not HTML</strong></h2><p><a href="https://x.example/"><u>link</u></a> evil inner<br/>line</p>' +
      '<ul><li>one</li></ul><img src="https://cdn.sanity.io/a.png" alt="An oak" /><pre><code>a &lt; b</code></pre><p>called</p>',
  ],
  [
    'storyblok',
    storyblok,
    '<h2>Head</h2><p><strong>bold</strong><br /><a href="/about#team">link</a><a href="mailto:a@b.example">mail</a>😄</p>' +
      '<ol start="3"><li><p>three</p></li></ol><pre><code>a &lt; b</code></pre>' +
      '<img src="https://a.storyblok.com/f/1/a.png" alt="An oak" /><p>Teaser</p>' +
      '<table><tr><th colspan="2"><p>wide</p></th></tr></table><hr />',
  ],
  [
    'prismic',
    prismic,
    '<h1>Head</h1><p><strong>bold</strong> and <a href="https://x.example/">link</a><br />next</p>' +
      '<ul><li>one</li><li>two</li></ul><ol><li>first</li></ol><pre>a &lt; b</pre>' +
      '<img src="https://images.prismic.io/a.png" alt="An oak" /><p><a href="https://www.youtube.com/watch?v=1">Video</a></p>new',
  ],
  [
    'dast',
    dast,
    '<h2>Head</h2><p><mark><strong>bold<br />line</strong></mark><a href="https://x.example/">link</a>record</p>' +
      '<ol><li><p>one</p></li></ol><blockquote><p>said</p><footer>Someone</footer></blockquote>' +
      '<pre data-language="js"><code>a &lt; b</code></pre><p>nested</p><hr />',
  ],
  [
    'lexical',
    lexical,
    '<h2>Head</h2><p><em><strong>both</strong></em><br /><a href="https://x.example/">link</a> page evil</p>' +
      '<ol start="2"><li>two</li></ol><blockquote>said</blockquote><img src="/media/a.png" alt="An oak" />' +
      '<p><a href="/media/a.pdf">a.pdf</a></p><p>called</p>' +
      '<table><tr><th colspan="2"><p>head</p></th><td></td></tr></table><hr />',
  ],
  [
    'slate',
    slatePayload,
    '<h2>Head</h2><p><em><strong>both</strong></em><a href="/a">link</a></p><ul><li>one</li></ul><img src="/media/a.png" alt="An oak" />',
  ],
  [
    'hygraph',
    slateHygraph,
    '<h2>Head</h2><p>Slate-like AST, not HTML</p><ul><li>one</li></ul><p><a href="https://x.example/">link</a></p>' +
      '<img src="https://media.example/a.png" alt="An oak&quot;" /><p><a href="https://x.example/player">https://x.example/player</a></p>' +
      '<table><tbody><tr><td><p>cell</p></td></tr></tbody></table>',
  ],
  [
    'contentstack',
    contentstack,
    '<h2>Head</h2><p><code>code</code><a href="https://x.example/">link</a></p>' +
      '<img src="https://images.contentstack.io/a.png" alt="An oak" />loose',
  ],
  [
    'blocks',
    blocks,
    '<h3>Head</h3><p><strong>Blocks, not HTML</strong><a href="https://x.example/">link</a></p>' +
      '<ol><li>one</li><ul><li>sub</li></ul></ol><blockquote>said<br />so</blockquote><pre><code>a\nb</code></pre>' +
      '<img src="/uploads/a.png" alt="An oak" />',
  ],
  [
    'editorjs',
    editorjs,
    '<h2>Head</h2><p>Some <b>bold</b> &amp; <a>evil</a></p><ol><li>one</li><li>two<ol><li>sub</li></ol></li></ol>' +
      '<ul><li>done</li></ul><blockquote><p>said</p><footer>Someone</footer></blockquote><pre><code>a &lt; b</code></pre>' +
      '<figure><img src="/a.png" alt="An oak" /><figcaption>An <i>oak</i></figcaption></figure>' +
      '<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>' +
      '<p><a href="https://www.youtube.com/watch?v=1">Video</a></p><hr /><p>raw</p><p>new</p>',
  ],
  [
    'ricos',
    ricos,
    '<h2>Head</h2><p><strong>bold</strong><a href="https://x.example/">link</a></p><ul><li><p>one</p></li></ul>' +
      '<img src="https://static.wixstatic.com/media/8bb438_131a7e1872bc45ec827bb61e56b840fe.jpg" alt="An oak" />' +
      '<p><a href="https://www.youtube.com/watch?v=1">Video</a></p><hr /><p>hidden</p>',
  ],
  ['markdown', '# Head\n\nSome *text*.', '<h1>Head</h1>\n<p>Some <em>text</em>.</p>\n'],
  [
    'wordpress',
    wordpress,
    '<h3>Head</h3>\n\n<p>Text [sic] with [1]  and [gallery].</p>\n\n<img src="/a.png" alt="[b]"> Caption\n<p title="[x y=1]">End</p>',
  ],
  ['text', 'a < b\nc\n\nd', '<p>a &lt; b<br />c</p><p>d</p>'],
  [
    'text',
    contentful,
    '<p>A &amp; B</p><p>bold and link entry</p><p>Tree</p><p>An oak</p><p>one</p><p>head</p><p>new</p>',
  ],
  ['text', ricos, '<p>Head</p><p>boldlink</p><p>one</p><p>An oak</p><p>Video</p><p>hidden</p>'],
  [
    'text',
    prismic,
    '<p>Head</p><p>bold and link\nnext</p><p>one</p><p>two</p><p>first</p><p>a &lt; b</p><p>An oak</p><p>Video</p><p>new</p>',
  ],
  [
    'of tomorrow',
    blocks,
    '<p>Head</p><p>Blocks, not HTMLlink</p><p>one</p><p>sub</p><p>said\nso</p><p>a\nb</p><p>An oak</p>',
  ],
])('%s', (format, value, html) => {
  expect(htmlOfRichText(value, format)).toBe(html)
})

test.each([
  [
    'contentful',
    { nodeType: 'paragraph', content: [] },
    '{nodeType: "document", content: […]}, and an object with nodeType, content came',
  ],
  ['portabletext', 'text', 'a list of {_type: "block", children: […]}, or one of them, and text came'],
  ['lexical', [], undefined],
  ['lexical', [1], '{root: {type: "root", children: […]}}, and a list came'],
  ['markdown', { a: 1 }, 'text, and an object with a came'],
  ['blocks', 5, 'a list of {type: "paragraph", children: […]}, and a number came'],
  [
    'dast',
    { schema: 'dast', document: null },
    '{schema: "dast", document: {type: "root", children: […]}}, and an object with schema, document came',
  ],
])('%s says what it takes, and what came', (format, value, message) => {
  if (message === undefined) expect(htmlOfRichText(value, format)).toBeUndefined()
  else expect(() => htmlOfRichText(value, format)).toThrow(`$richtext: format '${format}' takes ${message}`)
})

test.each([undefined, null, '', '  ', [], {}])('of nothing comes nothing: %j', (value) => {
  expect(htmlOfRichText(value, 'contentful')).toBeUndefined()
})

test('a document without content is nothing', () => {
  expect(htmlOfRichText({ nodeType: 'document', content: [] }, 'contentful')).toBeUndefined()
  expect(htmlOfRichText({ root: { children: [{ type: 'paragraph', children: [] }] } }, 'lexical')).toBeUndefined()
})

test('a tree may come as JSON text', () => {
  expect(htmlOfRichText(JSON.stringify(editorjs), 'editorjs')).toBe(htmlOfRichText(editorjs, 'editorjs'))
  expect(() => htmlOfRichText('{"blocks": [', 'editorjs')).toThrow('and text came')
})

test('a base makes relative urls absolute, and nothing else', () => {
  const tree = (url: string) => [
    { type: 'paragraph', children: [{ type: 'link', url, children: [{ type: 'text', text: 'a' }] }] },
  ]
  const hrefOf = (url: string) =>
    /href="([^"]*)"/.exec(htmlOfRichText(tree(url), 'blocks', { base: 'https://x.example/blog/' }) ?? '')?.[1]
  expect(hrefOf('/a')).toBe('https://x.example/a')
  expect(hrefOf('a?b=c')).toBe('https://x.example/blog/a?b=c')
  expect(hrefOf('//y.example/a')).toBe('https://y.example/a')
  expect(hrefOf('#a')).toBe('#a')
  expect(hrefOf('https://y.example/a')).toBe('https://y.example/a')
  expect(hrefOf('mailto:a@b.example')).toBe('mailto:a@b.example')
  expect(hrefOf(' java\tscript:steal()')).toBeUndefined()
  expect(hrefOf('data:text/html,x')).toBeUndefined()
})

test('files may start elsewhere than links', () => {
  const value = [
    { type: 'image', image: { url: '/a.png', alternativeText: 'An oak' }, children: [] },
    { type: 'paragraph', children: [{ type: 'link', url: '/b', children: [{ type: 'text', text: 'b' }] }] },
  ]
  const options = { base: 'https://example.com', media: 'https://cms.example.com' }
  expect(htmlOfRichText(value, 'blocks', options)).toBe(
    '<img src="https://cms.example.com/a.png" alt="An oak" /><p><a href="https://example.com/b">b</a></p>',
  )
  expect(htmlOfRichText(value, 'blocks', { media: 'https://cms.example.com' })).toContain('<a href="/b">')
})
