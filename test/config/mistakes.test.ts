import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDocument, stringify, visit } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/origins.ts'
import { type Issue, issueText, plainIssue } from '../../src/mistakes/issue.ts'
import { composeParts } from '../../src/wiring/desired.ts'
import { loadWholeConfig } from '../../src/wiring/sources.ts'
import { createFolder } from '../folder.ts'

const env = {
  TOKEN: 'con_1.s3cret-canary',
  HOOK: 'hook-canary-long-enough',
  WORD: 'canary',
  NUM: '99999',
  LIST: 'main,spare',
  SITE_DOMAIN: 'x.example.com',
}
const base = `
server: { port: 8080 }
destinations:
  main: { token: "\${TOKEN}", website_id: site_1, site_domain: example.com }
  spare: { token: "\${TOKEN}", website_id: site_2, site_domain: example.org }
sources:
  shop:
    mapper: shopify
    destination: main
    secret: \${HOOK}
    vars: { origin: https://example.com, currency: EUR }
  cms:
    mapper: strapi
    destination: main
    secret: \${HOOK}
    vars: { origin: https://example.com }
    models:
      article: { type: post, html: $markdown(body) }
log: { level: info }
mappers_dir: own
`.trimStart()

/** Small mappers of names that everybody knows, because compiling the real ones takes most of the time. */
const small = {
  'own/shopify.yaml': `name: shopify
replace: true
title: Shopify
verify: { scheme: hmac, header: x-s }
vars:
  origin: { required: true, format: origin }
  currency: { default: USD, format: currency }
records: [{ name: product, type: product, id: id, url: $vars.origin & slug }]
`,
  'own/strapi.yaml': `name: strapi
replace: true
title: Strapi
verify: { scheme: header, header: x-s }
vars: { origin: { format: origin }, media_origin: {} }
records: [{ name: entry, model: model, id: id }]
`,
}

/** What is told of a configuration, each mistake on a line, without its folder and the ends of long lists. */
async function mistakesIn(text: string, { files = {}, more = {} as Record<string, string> } = {}): Promise<string[]> {
  const folder = createFolder()
  writeFiles(folder, { 'relay.yaml': text, ...small, ...files })
  const issues = await issuesIn(join(folder, 'relay.yaml'), { ...env, ...more })
  return issues.map((issue) =>
    issueText(issue)
      .replaceAll(`${folder}/`, '')
      .replace(/^relay\.yaml:(?=\d)/, '')
      .replace(/\(there is adobe-commerce, .*\)$/, '(there is …)'),
  )
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

async function issuesIn(file: string, variables: Record<string, string> = env) {
  try {
    await composeParts((await loadWholeConfig(file, variables)).config)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(JSON.stringify(error.issues)).not.toContain('canary')
    return error.issues
  }
}

test('the configuration that is spoilt below has no mistakes', async () => {
  expect(await mistakesIn(base)).toEqual([])
})

describe('one mistake is one line, with place, value and cure:', () => {
  test.each<readonly [from: string, to: string, ...lines: string[]]>([
    ['server:', 'servers:', '1:1: servers: unknown key; did you mean server?'],
    ['port: 8080', 'prot: 8080', '1:11: server.prot: unknown key; did you mean port?'],
    ['port: 8080', 'port: eighty', '1:17: server.port: eighty: must be a whole number from 0 to 65535'],
    ['port: 8080', 'port: 80.5', '1:17: server.port: 80.5: must be a whole number from 0 to 65535'],
    ['port: 8080', 'port: "${NUM}"', '1:17: server.port: (value of ${NUM}): must be at most 65535'],
    ['port: 8080', 'port:', '1:11: server.port: must be a whole number from 0 to 65535, and nothing stands here'],
    ['port: 8080', 'port: [80]', '1:17: server.port: must be a whole number from 0 to 65535'],
    ['{ port: 8080 }', '8080', '1:1: server: must be a map of settings, not a number'],
    ['{ port: 8080 }', '[port]', '1:1: server: must be a map of settings, not a list'],
    [
      'port: 8080',
      'shutdown_grace: 10',
      '1:27: server.shutdown_grace: 10: must be a duration such as 500ms, 1s, 15m, 72h, 7d: a unit is missing',
    ],
    [
      'port: 8080',
      'shutdown_grace: 10 seconds',
      '1:27: server.shutdown_grace: 10 seconds: must be a duration such as 500ms, 1s, 15m, 72h, 7d',
    ],
    ['port: 8080', 'body_limit: 5 mib', '1:23: server.body_limit: 5 mib: must be a size such as 500kb, 4mb'],
    [
      'port: 8080',
      'trust_proxy: yes',
      '1:24: server.trust_proxy: yes: must be true, false, or addresses and ranges such as 10.0.0.0/8',
    ],
    ['port: 8080', 'admin_token: short', '1:24: server.admin_token: must have at least 16 characters'],
    [
      'port: 8080',
      'admin_token: "${WORD}"',
      '1:24: server.admin_token: (value of ${WORD}): must have at least 16 characters',
    ],
    [
      'port: 8080',
      'public_url: relay.example.com',
      '1:23: server.public_url: relay.example.com: must be an absolute http(s) url, such as https://example.com',
    ],
    ['port: 8080', 'port: 70000', '1:17: server.port: 70000: must be at most 65535'],
    [
      'port: 8080',
      'admin: { port: 8080 }',
      '1:26: server.admin.port: 8080: is the port of the public listener, 0.0.0.0:8080: give the listener for operators one of its own',
    ],
    [
      'port: 8080',
      'host: 127.0.0.1:8080, listen: x',
      '1:17: server.host: 127.0.0.1:8080: must be an address alone: `port` has the port',
      '1:33: server.listen: unknown key (there is host, port, body_limit, trust_proxy, admin_token, public_url, admin, shutdown_grace)',
    ],
    [
      'website_id: site_1',
      'webiste_id: site_1',
      '3:30: destinations.main.webiste_id: unknown key; did you mean website_id?',
    ],
    ['website_id: site_1, ', '', '3:3: destinations.main.website_id: is required'],
    [
      'website_id: site_1',
      'website_id: 12345',
      '3:42: destinations.main.website_id: 12345: must be text, and this is a number: put it in quotes',
    ],
    [
      'website_id: site_1',
      'website_id: true',
      '3:42: destinations.main.website_id: true: must be text, and this is true or false: put it in quotes',
    ],
    [
      'website_id: site_1',
      'website_id: $SITE_ID',
      '3:42: destinations.main.website_id: $SITE_ID is no reference: write ${NAME}, ${NAME:-default} or ${file:/path}, with letters, digits and _ in the name',
    ],
    [
      'website_id: site_1',
      'website_id: "${SITE_ID"',
      '3:43: destinations.main.website_id: ${SITE_ID is no reference: write ${NAME}, ${NAME:-default} or ${file:/path}, with letters, digits and _ in the name',
    ],
    ['website_id: site_1', 'website_id: ""', '3:42: destinations.main.website_id: must not be empty'],
    [
      'site_domain: example.com',
      'site_domain: https://example.com/',
      '3:63: destinations.main.site_domain: https://example.com/: must be a host name without scheme and path, such as example.com',
    ],
    [
      'site_domain: example.com',
      'site_domain: "${SITE-DOMAIN}"',
      '3:64: destinations.main.site_domain: ${SITE-DOMAIN} is no reference: write ${NAME}, ${NAME:-default} or ${file:/path}, with letters, digits and _ in the name',
    ],
    [
      'site_domain: example.com',
      'site_domain: "${SITE_DOMIAN}"',
      '3:63: destinations.main.site_domain: environment variable SITE_DOMIAN is not set; did you mean SITE_DOMAIN?',
    ],
    [
      'token: "${TOKEN}", website_id: site_1',
      'token: nodot, website_id: site_1',
      '3:18: destinations.main.token: must be connectorId.secret',
    ],
    [
      'token: "${TOKEN}", website_id: site_1',
      'token: "$TOKEN", website_id: site_1',
      '3:18: destinations.main.token: is a placeholder that nothing has filled in: write ${NAME}, and set the environment variable',
    ],
    [
      'token: "${TOKEN}", website_id: site_1',
      'token: "${file:/nowhere/token}", website_id: site_1',
      '3:18: destinations.main.token: the file /nowhere/token: there is no such file',
    ],
    [
      'token: "${TOKEN}", website_id: site_1',
      'token: "${WORD}", website_id: site_1',
      '3:18: destinations.main.token: (value of ${WORD}): must be connectorId.secret',
    ],
    [
      'site_domain: example.com',
      'site_domain: example.com, base_url: http://api.example.com',
      '3:86: destinations.main.base_url: goes to api.example.com unencrypted: use https://, or write insecure: true beside it',
    ],
    [
      'site_domain: example.com',
      'site_domain: example.com, enabled: yes',
      '3:85: destinations.main.enabled: yes: must be true or false',
    ],
    [
      'site_domain: example.com',
      'site_domain: example.com, delivery: { max_items: 501, timeout: 0s }',
      '3:99: destinations.main.delivery.max_items: 501: must be at most 500',
      '3:113: destinations.main.delivery.timeout: 0s: must be longer than 0',
    ],
    [
      'site_domain: example.com',
      'site_domain: example.com, retry: 3',
      '3:76: destinations.main.retry: must be a map of settings, not a number',
    ],
    [
      'site_domain: example.com',
      'site_domain: example.com, aliases: www.example.com',
      '3:76: destinations.main.aliases: must be a list, such as [one, two], not text',
    ],
    [
      '  main: {',
      '  "my site": {',
      '3:3: destinations.my site: names are letters, digits, - and _, at most 64',
      '8:18: sources.shop.destination: main: there is no such destination (there is my site, spare)',
      '13:18: sources.cms.destination: main: there is no such destination (there is my site, spare)',
    ],
    ['destinations:', 'destination:', '2:1: destination: unknown key; did you mean destinations?'],
    [
      'mapper: shopify',
      'mapper: shopifi',
      '7:13: sources.shop.mapper: shopifi: there is no such mapper; did you mean shopify?',
    ],
    [
      'mapper: shopify',
      'mapper: "${WORD}"',
      '7:13: sources.shop.mapper: (value of ${WORD}): there is no such mapper (there is …)',
    ],
    ['mapper: shopify\n', '\n', '6:3: sources.shop.mapper: is required'],
    ['mapper: shopify', 'maper: shopify', '7:5: sources.shop.maper: unknown key; did you mean mapper?'],
    [
      'mapper: shopify',
      'mapper: nonsense',
      '7:13: sources.shop.mapper: nonsense: there is no such mapper (there is …)',
    ],
    [
      'destination: main',
      'destination: mian',
      '8:18: sources.shop.destination: mian: there is no such destination; did you mean main?',
    ],
    [
      'destination: main',
      'destination: [main, other]',
      '8:25: sources.shop.destination[1]: other: there is no such destination (there is main, spare)',
    ],
    [
      'destination: main',
      'destination: "${LIST}x"',
      '8:18: sources.shop.destination: (value of ${LIST}): names are letters, digits, - and _, at most 64',
    ],
    ['destination: main\n', '\n', '6:3: sources.shop.destination: is required'],
    ['destination: main', 'destinaton: main', '8:5: sources.shop.destinaton: unknown key; did you mean destination?'],
    ['secret: ${HOOK}', 'secrt: ${HOOK}', '9:5: sources.shop.secrt: unknown key; did you mean secret?'],
    [
      'secret: ${HOOK}',
      'secret: 12345',
      '9:13: sources.shop.secret: must be text, or a list of texts: digits alone need quotes',
    ],
    ['secret: ${HOOK}', 'secret: ""', '9:13: sources.shop.secret: must not be empty'],
    ['secret: ${HOOK}', 'secret: ${HOKO}', '9:13: sources.shop.secret: environment variable HOKO is not set'],
    [
      '    secret: ${HOOK}\n',
      '',
      "6:3: sources.shop.secret: verify scheme 'hmac' needs a secret (write verify: none to accept anyone)",
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    verify: { scheme: headr }',
      '10:23: sources.shop.verify.scheme: headr: is not known here; did you mean header?',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    verify: { scheme: hmac, header: x, algorithm: md5, algoritm: x }',
      '10:51: sources.shop.verify.algorithm: md5: must be one of sha1, sha256, sha384, sha512',
      '10:56: sources.shop.verify.algoritm: unknown key; did you mean algorithm?',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    verify: hmac',
      '10:13: sources.shop.verify: hmac: must be none, or a map such as { scheme: header, header: x-token }',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    verify: { scheme: jwt }',
      '10:5: sources.shop.verify.public_key: is required: a public key in PEM form, or a list of them',
    ],
    [
      'origin: https://example.com, currency',
      'orgin: https://example.com, currency',
      "10:13: sources.shop.vars.orgin: mapper 'shopify' has no such var; did you mean origin?",
    ],
    [
      'origin: https://example.com, currency',
      'origin: example.com, currency',
      '10:21: sources.shop.vars.origin: example.com: must be an absolute http(s) url, such as https://example.com',
    ],
    [
      'currency: EUR',
      'currency: euros',
      '10:52: sources.shop.vars.currency: euros: must be a currency code of three letters, such as EUR',
    ],
    [
      'currency: EUR',
      'curency: EUR',
      "10:42: sources.shop.vars.curency: mapper 'shopify' has no such var; did you mean currency?",
    ],
    [
      '{ origin: https://example.com, currency: EUR }',
      '[origin]',
      '10:5: sources.shop.vars: must be a map of settings, not a list',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    fetch: { token: x }',
      "10:21: sources.shop.fetch.token: mapper 'shopify' asks no API: its webhooks hold their records",
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    allow_from: [10.0.0.0/33]',
      '10:17: sources.shop.allow_from: must be addresses and ranges such as 203.0.113.0/24',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    silent_after: 3',
      '10:19: sources.shop.silent_after: 3: must be auto, off, or a duration such as 36h',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    rate_limit: 100',
      '10:5: sources.shop.rate_limit: must be a map of settings, not a number',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    rate_limit: { max: 0 }',
      '10:24: sources.shop.rate_limit.max: 0: must be at least 1',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    html: unsafe',
      '10:11: sources.shop.html: unsafe: is not known here; did you mean safe?',
    ],
    [
      'secret: ${HOOK}',
      'secret: ${HOOK}\n    models: { a: { type: post } }',
      "10:13: sources.shop.models: mapper 'shopify' knows no models",
    ],
    [
      'type: post',
      'type: psot',
      "17:24: sources.cms.models.article.type: 'psot' is no item type; did you mean post? For a field of that name write `$.psot`",
    ],
    ['type: post', 'typ: post', '17:18: sources.cms.models.article.typ: unknown key; did you mean type?'],
    [
      'type: post',
      'type: article',
      "17:24: sources.cms.models.article.type: 'article' is no item type; did you mean post? For a field of that name write `$.article`",
    ],
    [
      'html: $markdown(body)',
      'html: $markdwn(body)',
      '17:36: sources.cms.models.article.html: expression $markdwn(body) is not valid: there is no function $markdwn; did you mean $markdown? at position 9 (T1006)',
    ],
    [
      'html: $markdown(body)',
      'html: markdown(body)',
      '17:36: sources.cms.models.article.html: expression markdown(body) is not valid: there is no function markdown, did you forget the $? at position 9 (T1006)',
    ],
    [
      'html: $markdown(body)',
      'title: "a == b"',
      "17:41: sources.cms.models.article.title: expression a == b is not valid: two values are compared with one = near '=' at position 4 (S0211)",
    ],
    [
      'html: $markdown(body)',
      'title: "a && b"',
      "17:41: sources.cms.models.article.title: expression a && b is not valid: write `and` for both of two conditions near '&' at position 4 (S0211)",
    ],
    [
      'html: $markdown(body)',
      'title: "$vars.orign"',
      '17:44: sources.cms.models.article.title: $vars.orign: the mapper has no such var; did you mean origin?',
    ],
    [
      'html: $markdown(body)',
      'title: "$bdy.title"',
      '17:38: sources.cms.models.article.title: expression $bdy.title is not valid: there is no variable $bdy; did you mean $body? at position 4 (T1006)',
    ],
    [
      'html: $markdown(body)',
      'title: "(a"',
      '17:40: sources.cms.models.article.title: expression (a is not valid: expected ")" before end of expression at position 2 (S0203)',
    ],
    ['html: $markdown(body)', 'titel: x', '17:30: sources.cms.models.article.titel: unknown key; did you mean title?'],
    [
      'html: $markdown(body)',
      'language: german',
      '17:40: sources.cms.models.article.language: `german` is the name of a field here: write \'"de"\' for the language',
    ],
    [
      'html: $markdown(body)',
      'live: yes',
      '17:36: sources.cms.models.article.live: `yes` is the name of a field here: write `true`, or `$.yes` for a field of that name',
    ],
    [
      'type: post',
      'type: 5',
      '17:24: sources.cms.models.article.type: 5: must be text, and this is a number: put it in quotes',
    ],
    ['level: info', 'level: inof', '18:15: log.level: inof: is not known here; did you mean info?'],
    ['level: info', 'level: loud', '18:15: log.level: loud: must be one of trace, debug, info, warn, error, silent'],
    ['level: info', 'levle: info', '18:8: log.levle: unknown key; did you mean level?'],
    ['log: { level: info }', 'log: info', '18:1: log: must be a map of settings, not text'],
    [
      'log: { level: info }',
      'signals: [{ url: "https://x.example.com", secret: short, types: [item.ded] }]',
      '18:51: signals[0].secret: must be whsec_ and the base64 of 24 to 64 bytes',
      '18:66: signals[0].types[0]: item.ded: is not known here; did you mean item.dead?',
    ],
    [
      'log: { level: info }',
      'store: postgres://h/db?password=canary',
      '18:8: store: postgres://h/db?***: must be sqlite:PATH, such as sqlite:./data/relay.db',
    ],
    [
      'log: { level: info }',
      'store: postgres://u:p@h/db',
      '18:8: store: postgres://***@h/db: must be sqlite:PATH, such as sqlite:./data/relay.db',
    ],
    [
      'log: { level: info }',
      'retention: { events: 7 }',
      '18:22: retention.events: 7: must be a duration such as 500ms, 1s, 15m, 72h, 7d: a unit is missing',
    ],
    [
      'mappers_dir: own',
      'mappers_dir: ./nowhere',
      '19:14: mappers_dir: cannot read the folder of mappers nowhere: there is no such folder',
    ],
    [
      'mappers_dir: own',
      'mappers_dir: relay.yaml',
      '19:14: mappers_dir: cannot read the folder of mappers relay.yaml: is a file, and a folder is wanted',
    ],
    [
      'sources:\n',
      'sources: [\n]\nx:\n',
      '5:1: sources: must be a map of settings, not a list',
      '7:1: x: unknown key (there is server, store, destinations, sources, signals, mappers_dir, retention, log)',
    ],
  ])('%j as %j', async (from, to, ...lines) => {
    expect(base).toContain(from)
    expect(await mistakesIn(base.replace(from, () => to))).toEqual(lines)
  })
})

describe('of the file as a whole:', () => {
  test.each([
    ['', 'relay.yaml:1:1: is empty: `cms-relay init` writes a configuration, examples/relay.yaml has all of it'],
    [
      '# all of it is a comment\n',
      'relay.yaml:1:1: is empty: `cms-relay init` writes a configuration, examples/relay.yaml has all of it',
    ],
    [
      '- server: {}\n',
      'relay.yaml:1:1: must be a map with keys such as destinations and sources, and is a list: take the dashes away',
    ],
    [
      'server = 1\nport = 2\n',
      'relay.yaml:1:1: must be a map with keys such as destinations and sources, and is text: each line is a key, a colon, a space and a value',
    ],
  ])('%j', async (text, message) => {
    const [line = ''] = await mistakesIn(text)
    expect(`relay.yaml:${line}`).toBe(message)
  })

  test('bytes that are no UTF-8, a folder, and nothing at all', async () => {
    const folder = createFolder()
    const file = join(folder, 'relay.yaml')
    writeFileSync(file, Buffer.from('a: b\nc: \xe9t\xe9\n', 'latin1'))
    expect(await issuesIn(file)).toMatchObject([
      { line: 2, column: 4, message: 'is not UTF-8 here: save the file as UTF-8' },
    ])
    writeFileSync(file, Buffer.from('\ufeffa: b\n', 'utf16le'))
    expect(await issuesIn(file)).toMatchObject([{ message: 'is written in UTF-16: save it as UTF-8' }])
    expect(await issuesIn(folder)).toMatchObject([{ message: 'is a folder: name the file in it' }])
    expect(await issuesIn(join(folder, 'none.yaml'))).toMatchObject([{ message: 'there is no such file' }])
  })

  test('a mark in front of UTF-8 is none', async () => {
    expect(await mistakesIn(`\ufeff${base}`)).toEqual([])
  })
})

test('what the environment overrides is told by the name of the variable, without a place', async () => {
  const more = { PORT: 'eighty', LOG_LEVEL: 'canary', RELAY_ADMIN_TOKEN: 'canary' }
  expect(await mistakesIn(base, { more })).toEqual([
    'server.port: (value of PORT in the environment): must be a whole number from 0 to 65535',
    'server.admin_token: (value of RELAY_ADMIN_TOKEN in the environment): must have at least 16 characters',
    'log.level: (value of LOG_LEVEL in the environment): must be one of trace, debug, info, warn, error, silent',
  ])
})

test('lines of .env that say nothing are told with their place, without what they say', async () => {
  const dotEnv = '# fine\nexport A=1\nEMPTY=\nMANY="one\ntwo"\ncanary is lost\nB: canary\n1C=canary\nD="canary\n'
  expect(await mistakesIn(base, { files: { '.env': dotEnv } })).toEqual([
    '.env:6:1: is no line of the form NAME=value: put a # in front of a comment, and a value of several lines in quotes',
    '.env:7:1: is no line of the form NAME=value: write B=…, with an equals sign',
    '.env:8:1: the name in front of the equals sign must begin with a letter, and hold letters, digits and _ alone',
    '.env:9:1: the quote is not closed: another " is missing',
  ])
})

const mine = `name: mine
title: Mine
vars: { origin: { format: orign } }
records:
  - name: a
    match: topic == "x"
    type: artcle
    id: >-
      "post:"
      & $strng(id)
    url: $vars.orgin & slug
    json:
      x: [a, "b +", { c: "$bdy" }]
  - { name: a, type: post, idd: id, url: url }
  - name: c
    type: post
    id: id
    url: |
      "https://example.com/"
      & $uppercas(slug)
`

test('mistakes of all kinds, in all files, are told at once and in order', async () => {
  const text = base
    .replace('mapper: shopify', 'mapper: shopifi')
    .replace('port: 8080', 'prot: 8080')
    .replace('type: post, html: $markdown(body)', 'type: post, html: $markdwn(body)')
  const files = {
    'own/mine.yaml': mine,
    'own/broken.yaml': 'name: broken\n\ttitle: x\n',
    'own/odd.mjs': 'export default { name: "odd", map: 5 }\n',
    '.env': 'nothing\n',
  }
  const used =
    '  mine: { mapper: mine, destination: nowhere, secret: "${MISSING}" }\n  broken: { mapper: broken, destination: main, verify: none }\n'
  const lines = await mistakesIn(text.replace('log:', `${used}log:`), { files })
  expect(lines).toEqual([
    '.env:1:1: is no line of the form NAME=value: put a # in front of a comment, and a value of several lines in quotes',
    'own/broken.yaml:2:1: a tab indents this line, and YAML takes spaces only: put spaces in its place',
    'own/mine.yaml:3:27: vars.origin.format: orign: is not known here; did you mean origin?',
    'own/mine.yaml:6:19: records[0].match: expression topic == "x" is not valid: two values are compared with one = near \'=\' at position 8 (S0211)',
    "own/mine.yaml:7:11: records[0].type: 'artcle' is no item type; did you mean post? For a field of that name write `$.artcle`",
    'own/mine.yaml:10:9: records[0].id: expression "post:" & $strng(id) is not valid: there is no function $strng; did you mean $string? at position 17 (T1006)',
    'own/mine.yaml:11:16: records[0].url: $vars.orgin: the mapper has no such var; did you mean origin?',
    'own/mine.yaml:13:18: records[0].json.x[1]: expression b + is not valid: unexpected end of expression at position 3 (S0207)',
    'own/mine.yaml:13:27: records[0].json.x[2].c: expression $bdy is not valid: there is no variable $bdy; did you mean $body? at position 4 (T1006)',
    'own/mine.yaml:14:28: records[1].idd: unknown key; did you mean id?',
    'own/mine.yaml:20:9: records[2].url: expression "https://example.com/"\n& $uppercas(slug)\n is not valid: there is no function $uppercas; did you mean $uppercase? at position 35 (T1006)',
    'own/odd.mjs: input: must be a zod schema',
    'own/odd.mjs: map: must be a function',
    '1:11: server.prot: unknown key; did you mean port?',
    '7:13: sources.shop.mapper: shopifi: there is no such mapper; did you mean shopify?',
    '17:36: sources.cms.models.article.html: expression $markdwn(body) is not valid: there is no function $markdwn; did you mean $markdown? at position 9 (T1006)',
    '18:38: sources.mine.destination: nowhere: there is no such destination (there is main, spare)',
    '18:55: sources.mine.secret: environment variable MISSING is not set',
  ])
})

test('a mistake in a part of a source hides none in the rest of it', async () => {
  const broken = `    secrt: x
    destinaton: main
    rate_limit: 5
    vars: { orgin: x, currency: euros }
    models: { a: { type: psot } }
`
  const lines = await mistakesIn(
    base.replace(/ {4}mapper: shopify\n[\s\S]*?(?= {2}cms:)/, `    mapper: strapi\n${broken}`),
  )
  expect(lines).toEqual([
    '8:5: sources.shop.secrt: unknown key; did you mean secret?',
    '9:5: sources.shop.destinaton: unknown key; did you mean destination?',
    '10:5: sources.shop.rate_limit: must be a map of settings, not a number',
    "11:13: sources.shop.vars.orgin: mapper 'strapi' has no such var; did you mean origin?",
    "11:23: sources.shop.vars.currency: mapper 'strapi' has no such var (there is origin, media_origin)",
    "12:26: sources.shop.models.a.type: 'psot' is no item type; did you mean post? For a field of that name write `$.psot`",
  ])
})

describe('lists and maps come from variables:', () => {
  const configOf = async (text: string, more: Record<string, string>) => {
    const folder = createFolder()
    const file = join(folder, 'relay.yaml')
    writeFiles(folder, { 'relay.yaml': text, ...small })
    const { config } = await loadWholeConfig(file, { ...env, ...more })
    return { config, parts: await composeParts(config) }
  }
  const shop = async (from: string, to: string, value: string) => {
    return (
      await configOf(
        base.replace(from, () => to),
        { X: value },
      )
    ).config.sources['shop']!
  }

  test.each([
    ['main, spare', ['main', 'spare']],
    ['["main","spare"]', ['main', 'spare']],
    ['main', 'main'],
  ])('destination: %s', async (value, expected) => {
    expect((await shop('destination: main', 'destination: ${X}', value)).destination).toEqual(expected)
  })

  test.each([
    ['one,two-with-a-comma', 'one,two-with-a-comma'],
    ['["one-long-enough","two,with a comma"]', ['one-long-enough', 'two,with a comma']],
    ['[not json', '[not json'],
    ['[1, 2]', '[1, 2]'],
    ['{"a": 1}', '{"a": 1}'],
  ])('secret: %s', async (value, expected) => {
    expect((await shop('secret: ${HOOK}', 'secret: ${X}', value)).secret).toEqual(expected)
  })

  test('addresses, aliases, models, whole maps, numbers and switches', async () => {
    const text = base
      .replace(
        'secret: ${HOOK}',
        'secret: ${HOOK}\n    allow_from: ${RANGES}\n    enabled: ${NO}\n    rate_limit: ${LIMIT}',
      )
      .replace(
        'site_domain: example.com',
        'site_domain: example.com, aliases: "${ALIASES}", delivery: { max_items: "${MOST}" }',
      )
      .replace('port: 8080', 'port: "${MOST}", trust_proxy: "${PROXIES}"')
      .replace(/models:\n.*\n/, 'models: ${MODELS}\n')
    const { config } = await configOf(text, {
      RANGES: '10.0.0.0/8, 127.0.0.1',
      NO: 'false',
      LIMIT: '{"max":5}',
      ALIASES: 'www.example.com',
      MOST: '7',
      PROXIES: '["10.0.0.0/8"]',
      MODELS: '{"article":{"type":"post"}}',
    })
    expect(config.server).toMatchObject({ port: 7, trust_proxy: ['10.0.0.0/8'] })
    expect(config.destinations['main']).toMatchObject({ aliases: ['www.example.com'], delivery: { max_items: 7 } })
    expect(config.sources['shop']).toMatchObject({
      allow_from: ['10.0.0.0/8', '127.0.0.1'],
      enabled: false,
      rate_limit: { max: 5 },
    })
    expect(config.sources['cms']?.models).toEqual({ article: { type: 'post' } })
  })

  test('what is a part of a longer text, and text of the file, stays text', async () => {
    expect(
      await mistakesIn(base.replace('destination: main', 'destination: "${X}spare"'), { more: { X: 'main,' } }),
    ).toEqual(['8:18: sources.shop.destination: (value of ${X}): names are letters, digits, - and _, at most 64'])
    expect(await mistakesIn(base.replace('destination: main', 'destination: main,spare'))).toEqual([
      '8:18: sources.shop.destination: main,spare: names are letters, digits, - and _, at most 64',
    ])
  })

  test('a list with a mistake in it names the variable', async () => {
    expect(
      await mistakesIn(base.replace('destination: main', 'destination: ${X}'), { more: { X: 'main,mian' } }),
    ).toEqual(['8:18: sources.shop.destination[1]: (value of ${X}): there is no such destination; did you mean main?'])
  })
})

test('for machines a mistake has no more than path, message and place', async () => {
  const file = join(createFolder(), 'relay.yaml')
  writeFileSync(file, 'servers: {}\n')
  const [issue] = await issuesIn(file)
  expect(plainIssue(issue!)).toEqual({
    path: 'servers',
    message: 'unknown key; did you mean server?',
    file,
    line: 1,
    column: 1,
  })
})

test('whatever value is spoilt, in whatever form the file is written, its line is told', async () => {
  const document = parseDocument(base)
  const folder = createFolder()
  writeFiles(folder, small)
  let at = 0
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(2, 4),
      fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
      fc.array(fc.nat(40), { maxLength: 4 }),
      async (choice, indent, collectionStyle, comments) => {
        const text = withComments(stringify(document.toJS(), { indent, collectionStyle, lineWidth: 60 }), comments)
        const scalars = scalarsOf(text)
        const { start, end, line } = scalars[choice % scalars.length]!
        const file = join(folder, `relay-${at++}.yaml`)
        writeFileSync(file, `${text.slice(0, start)}{ spoilt: true }${text.slice(end)}`)
        const issues = await issuesIn(file)
        expect(issues.length).toBeGreaterThan(0)
        expect(issues.map((issue) => issue.line)).toContain(line)
      },
    ),
    { numRuns: 60 },
  )
})

/** Comments between the lines of a file, where none is within a flow collection. */
function withComments(text: string, places: readonly number[]): string {
  const lines = text.split('\n')
  for (const place of places) {
    const index = place % lines.length
    const isBlock = !/[[{,]$/.test(lines[index - 1] ?? '') && !/^\s*[\]}]/.test(lines[index] ?? '')
    if (isBlock && !text.includes('{')) lines.splice(index, 0, '# a comment: with { signs')
  }
  return lines.join('\n')
}

function scalarsOf(text: string) {
  const found: { start: number; end: number; line: number }[] = []
  visit(parseDocument(text), {
    Scalar(key, { range }) {
      if (key === 'key' || !range) return
      found.push({ start: range[0], end: range[1], line: text.slice(0, range[0]).split('\n').length })
    },
  })
  return found
}

test('as many mistakes as there are sources are told in a time that grows with them, and most in number', () => {
  const file = join(createFolder(), 'relay.yaml')
  const sources = Array.from(
    { length: 600 },
    (_, at) => `  s${at}: { mapper: generic, secret: abcdefgh-${at}, foo: 1 }\n`,
  )
  writeFileSync(file, `sources:\n${sources.join('')}`)
  const start = performance.now()
  const issues = issuesOf(() => loadConfig(file, {}))
  expect(performance.now() - start).toBeLessThan(8_000)
  expect(issues).toHaveLength(501)
  expect(issues.at(-1)?.message).toMatch(/^and \d+ more: mend these first$/)
})

test('an alias hides what it stands for, and nothing is inherited from the environment', () => {
  const file = join(createFolder(), 'relay.yaml')
  writeFileSync(
    file,
    'sources:\n  a: { mapper: generic, x: 1, y: &s hunter2hunter2, secret: *s }\n  b: { mapper: generic, secret: "${constructor}" }\n',
  )
  const issues = issuesOf(() => loadConfig(file, {}))
  expect(JSON.stringify(issues)).not.toContain('hunter2')
  expect(issues.map(({ message }) => message)).toContain('environment variable constructor is not set')
})

function issuesOf(work: () => unknown): readonly Issue[] {
  try {
    work()
  } catch (error) {
    return (error as ConfigError).issues
  }
  return []
}
