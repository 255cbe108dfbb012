import { describe, expect, test } from 'vitest'
import { lineAt, nextLine } from '../../src/mistakes/text-lines.ts'
import { parseYaml } from '../../src/mistakes/yaml-file.ts'

function mistakeIn(text: string) {
  const read = parseYaml(text, 'relay.yaml')
  if (read.ok) throw new Error('it was taken')
  const { line, column, message, excerpt } = read.issue
  const { text: shown = '', start = 0, length = 0 } = excerpt ?? {}
  return { place: `${line}:${column}`, marked: shown.slice(start, start + length), message, shown }
}

describe('the first mistake of YAML is told with its place and the cure:', () => {
  test.each([
    [
      'a reference in a flow map',
      'main: { token: ${X}, website_id: a }\n',
      '1:16',
      '${X}',
      'put "${X}" in quotes within { } and [ ]: YAML takes its braces for a map',
    ],
    [
      'a file reference in a list',
      'secret: [${file:/run/x}, b]\n',
      '1:10',
      '***',
      'put "${file:/run/x}" in quotes within { } and [ ]: YAML takes its braces for a map',
    ],
    [
      'a reference behind text in a flow map',
      'x: { url: https://${HOST}/a }\n',
      '1:19',
      '${HOST}',
      'put "${HOST}" in quotes within { } and [ ]: YAML takes its braces for a map',
    ],
    [
      'a reference that fills a flow map alone',
      'x: { ${A}: b }\n',
      '1:6',
      '${A}',
      'put "${A}" in quotes within { } and [ ]: YAML takes its braces for a map',
    ],
    [
      'a tab',
      'server:\n\tport: 80\n',
      '2:1',
      ' ',
      'a tab indents this line, and YAML takes spaces only: put spaces in its place',
    ],
    [
      'a tab below a key with spaces',
      'server:\n  host: a\n\tport: 80\n',
      '3:1',
      ' ',
      'a tab indents this line, and YAML takes spaces only: put spaces in its place',
    ],
    [
      'no space behind a colon',
      'server:\n  port:80\n  host: a\n',
      '2:3',
      'port:80',
      'a space is missing behind the colon: port: …',
    ],
    [
      'no space behind the last colon',
      'server:\n  host: a\n  port:80\n',
      '3:3',
      'port:80',
      'a space is missing behind the colon: port: …',
    ],
    [
      'a line that is too deep',
      'server:\n  host: a\n   port: 80\n',
      '3:4',
      'port: 80',
      'this line is indented deeper than the one above, which has a value already: begin both in the same column',
    ],
    [
      'a line that is not deep enough',
      'server:\n    host: a\n  port: 80\n',
      '3:3',
      'port: 80',
      'this line is indented by 2 spaces, and no line above it begins there: begin it in the column of those that it belongs to',
    ],
    [
      'a list entry that is not deep enough',
      'a:\n    - b\n  - c\n',
      '3:3',
      '- c',
      'this line is indented by 2 spaces, and no line above it begins there: begin it in the column of those that it belongs to',
    ],
    [
      'a double quote',
      'server:\n  host: "abc\n  port: 80\n',
      '2:9',
      '"',
      'the quote that begins here is not closed: another " is missing',
    ],
    [
      'a single quote',
      "server:\n  host: 'abc\n  port: 80\n",
      '2:9',
      "'",
      "the quote that begins here is not closed: another ' is missing",
    ],
    [
      'a quote that a later one closes',
      'a: "abc\nb: "c"\n',
      '2:4',
      '"',
      'the quote that begins here is not closed: another " is missing',
    ],
    ['text behind a quote', 'a: "x" y\n', '1:8', 'y', 'the quote ends before this: put all of the value in quotes'],
    ['a bracket', 'a: [1, 2\nb: 3\n', '1:4', '[', 'the `[` that begins here is not closed: a `]` is missing'],
    ['a brace', 'a: { b: 1\nc: 3\n', '1:4', '{', 'the `{` that begins here is not closed: a `}` is missing'],
    [
      'a brace at the end',
      'a:\n  - { b: [1, 2 }\n',
      '2:10',
      '[',
      'the `[` that begins here is not closed: a `]` is missing',
    ],
    [
      'a brace too many',
      'a: { b: 1 }}\n',
      '1:12',
      '}',
      'this `}` closes nothing: take it away, or put the value in quotes',
    ],
    [
      'a duplicate key',
      'a:\n  b: 1\n  c: 2\n  b: 3\n',
      '4:3',
      'b',
      'the key b is there already in line 2: keep one of the two',
    ],
    [
      'a duplicate key at the top',
      'server: {}\nlog: {}\nserver: {}\n',
      '3:1',
      'server',
      'the key server is there already in line 1: keep one of the two',
    ],
    [
      'a duplicate key in a flow map',
      'a: { b: 1, b: 2 }\n',
      '1:12',
      'b',
      'the key b is there already in line 1: keep one of the two',
    ],
    [
      'an alias of nothing',
      'a: *base\n',
      '1:4',
      '*base',
      '`*base` stands for what has the anchor `&base`, and nothing above has it: put text that begins with * in quotes',
    ],
    [
      'a merge of nothing',
      'a:\n  <<: *base\n',
      '2:7',
      '*base',
      '`*base` stands for what has the anchor `&base`, and nothing above has it: put text that begins with * in quotes',
    ],
    [
      'a cron line',
      'sync: * * * * *\n',
      '1:7',
      '* * * * *',
      'a value cannot begin with * as text: put it in quotes: "* * * * *"',
    ],
    [
      'a cron line with a step',
      'sync: */5 * * * *\n',
      '1:7',
      '*/5 * * * *',
      'a value cannot begin with * as text: put it in quotes: "*/5 * * * *"',
    ],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      '2:1',
      '---',
      'a second document begins here, and one is read: take the line with --- or ... away',
    ],
    [
      'a document behind dots',
      'a: 1\n...\nb: 2\n',
      '3:1',
      'b:',
      'a second document begins here, and one is read: take the line with --- or ... away',
    ],
    [
      'a colon in a value',
      'title: Shop: the best\n',
      '1:8',
      'Shop: the best',
      'a value with a colon and a space in it needs quotes: "Shop: the best"',
    ],
    [
      'a colon in an expression, which has quotes of its own',
      'live: a = "it\'s" ? b : c\n',
      '1:7',
      'a = "it\'s" ? b : c',
      `a value with a colon and a space in it needs quotes: 'a = "it''s" ? b : c'`,
    ],
    [
      'a colon in a list entry',
      'a:\n  - b: c: d\n',
      '2:8',
      'c: d',
      'a value with a colon and a space in it needs quotes: "c: d"',
    ],
    ['an at sign', 'a: @x\n', '1:4', '@', 'a value cannot begin with @: put it in quotes'],
    ['a backtick', 'a: `x`\n', '1:4', '`', 'a value cannot begin with `: put it in quotes'],
    ['a percent sign', 'a: %x%\n', '1:4', '%', 'a value cannot begin with %: put it in quotes'],
    ['a percent sign at the start of a line', '%x: 1\n', '1:1', '%', 'a line cannot begin with %: put it in quotes'],
    [
      'an exclamation mark',
      'a: !ENV x\n',
      '1:4',
      '!ENV',
      'the tag `!ENV` is not known: write ${NAME} for an environment variable, and put text that begins with ! in quotes',
    ],
    ['an ampersand', 'a: & b\n', '1:4', '& b', 'a value cannot begin with & as text: put it in quotes: "& b"'],
    [
      'a pipe with text behind it',
      'a: |x\n  b\n',
      '1:5',
      'x',
      'text of several lines begins in the line below | or >: put a value that begins with one of them in quotes',
    ],
    [
      'a greater-than sign',
      'a: > 5\n',
      '1:6',
      '5',
      'text of several lines begins in the line below | or >: put a value that begins with one of them in quotes',
    ],
    ['a comma at the start', 'a: , b\n', '1:4', ',', 'a value cannot begin with ,: put it in quotes'],
    ['two commas', 'a: [1,, 2]\n', '1:7', ',', 'nothing stands between two commas: take one away'],
    ['no comma', 'a: { b: 1 c: 2 }\n', '1:9', '1', 'a comma is missing in front of the next key within { }'],
    ['no comma in a list of quotes', 'a: ["b" "c"]\n', '1:9', '"', 'a comma is missing in front of this'],
    [
      'an escape',
      'a: "C:\\dir"\n',
      '1:7',
      '\\d',
      '`\\d` is no escape within double quotes: use single quotes, or write \\\\ for a backslash',
    ],
    [
      'a key without a colon',
      'server:\n  host\n  port: 1\n',
      '2:3',
      'host',
      'a key needs a colon and a space behind it: host: …',
    ],
    [
      'an equals sign',
      'server:\n  host: a\n  port = 1\n',
      '3:3',
      'port = 1',
      'a key and its value are written with a colon here: port: …',
    ],
    [
      'a list on the line of its key',
      'a: - b\n',
      '1:4',
      '-',
      'a list begins in the line below its key, or is written in brackets: [a, b]',
    ],
    [
      'a list without a key',
      'a: 1\n- b\n',
      '2:1',
      '- b',
      'an entry of a list stands among keys: a dash needs a space behind it, and a list a key of its own above it',
    ],
    [
      'a template',
      'a: {{ x }}\n',
      '1:4',
      '{',
      '{{ … }} is the template of another program: write ${NAME} for an environment variable, or put the value in quotes',
    ],
    [
      'a no-break space',
      'a: b\nc: d\n',
      '1:3',
      ' ',
      'this is a no-break space, as word processors write: type a plain space',
    ],
    [
      'a conflict',
      '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n',
      '1:1',
      '<<<<<<<',
      'Git has left a conflict here: decide for one of the two versions',
    ],
    ['a map as a key', '? { a: b }\n: c\n', '1:3', '{', 'a key must be text: put the value in quotes if it is text'],
    [
      'a line of Windows',
      'a: 1\r\n\tb: 2\r\n',
      '2:1',
      ' ',
      'a tab indents this line, and YAML takes spaces only: put spaces in its place',
    ],
    [
      'dash without space',
      'a:\n  -b\n  c: d\n',
      '2:3',
      '-b',
      'an entry of a list stands among keys: a dash needs a space behind it, and a list a key of its own above it',
    ],
    ['smart quotes', 'a: “x: y”\n', '1:4', '“x: y”', 'a value with a colon and a space in it needs quotes: "“x: y”"'],
    [
      'bad key in block',
      'a:\n  b: [1, 2]\n  c }\n',
      '3:3',
      'c }',
      'a key needs a colon and a space behind it: key: value',
    ],
    [
      'unclosed quote in flow',
      'a: { b: "x, c: 1 }\nd: 2\n',
      '1:9',
      '"',
      'the quote that begins here is not closed: another " is missing',
    ],
  ])('%s', (_what, text, place, marked, message) => {
    expect(mistakeIn(text)).toMatchObject({ place, marked, message })
  })
})

describe('no secret is shown, nor what may be one:', () => {
  test.each([
    'secret: canary: x\n',
    'secret:canary\na: b\n',
    'secret: @canary\n',
    'secret: [canary, ${X}]\n',
    'secret: [canary, canary\nb: c\n',
    'secret:\n  - can: canary: x\n',
    'a: { token: canary-longer, x: ${Y} }\n',
    'a: { x: ${Y}, token: canary-longer }\n',
    'token: *canary * x\n',
    'api_key: "canary\nb: c\n',
    "admin_token: 'canary'canary'\n",
    'password: %canary\n',
    'authorization: Bearer canary: x\n',
    'store: pg://u:canary@h/x?p=canary: x\n',
  ])('%j', (text) => {
    expect(JSON.stringify(mistakeIn(text))).not.toContain('canary')
  })
})

test('of a long line the part around the mark is shown', () => {
  const { shown, marked } = mistakeIn(`a: { ${'b'.repeat(300)}: 1, c: $\{X}, ${'d'.repeat(300)}: 1 }\n`)
  expect(shown.length).toBeLessThan(170)
  expect(marked).toBe('${X}')
})

test('the line below a secret is shown, and a carriage return is no part of a line', () => {
  expect(mistakeIn('secret: a\r\nport: @b\r\n')).toMatchObject({ place: '2:7', shown: 'port: @b' })
  expect(nextLine('a:\n  # why\n\n  b: 1\n', 0)).toEqual({ start: 14, length: 4 })
  expect(lineAt('a: 1\r\nb: 2\r\n', 0)).toMatchObject({ text: 'a: 1', length: 4 })
})
