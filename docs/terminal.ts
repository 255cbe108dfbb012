// Runs the relay in a terminal of its own, sends what its banner says, and draws what stands there: `node docs/terminal.ts`.
// Needs `script` (util-linux), which gives a program a terminal.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const project = join(import.meta.dirname, '..')
const columns = 110

/** Colours of a dark terminal by their SGR numbers. */
const colours: Readonly<Record<string, string>> = {
  30: '#6e7681', 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 35: '#d2a8ff', 36: '#76e3ea', 37: '#e6edf3',
  90: '#8b949e', 91: '#ffa198', 92: '#7ee787', 93: '#f2cc60', 94: '#a5d6ff', 95: '#e2c5ff', 96: '#b3f0ff', 97: '#ffffff',
} // biome-ignore format: a table

/** What a terminal shows of a text with SGR sequences, as an SVG. */
function drawTerminal(text: string): string {
  const lines = text.replaceAll('\r', '').trimEnd().split('\n')
  const rows = lines.map((line, row) => {
    let style: Style = {}
    // A sequence begins with ESC [ and ends with m; what is between two of them is text.
    const spans = line.split('\u001b[').map((part, index) => {
      const [, codes, text] = index === 0 ? [null, '', part] : (/^([\d;]*)m([\s\S]*)$/.exec(part) ?? [null, '', ''])
      if (index > 0) for (const code of codes!.split(';')) style = styleAfter(style, code)
      return span(text!, style)
    })
    return `<text x="18" y="${52 + row * 19}" xml:space="preserve">${spans.join('')}</text>`
  })
  const width = 36 + Math.max(columns, ...lines.map((line) => stripVTControlCharacters(line).length)) * 7.83
  const height = 70 + lines.length * 19
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="cms-relay in a terminal">
<style>text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace }</style>
<g fill="#e6edf3">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
<circle cx="22" cy="20" r="6" fill="#ff5f57"/><circle cx="42" cy="20" r="6" fill="#febc2e"/><circle cx="62" cy="20" r="6" fill="#28c840"/>
${rows.join('\n')}
</g>
</svg>
`
}

type Style = { readonly fill?: string; readonly weight?: number; readonly opacity?: number }

function span(text: string, { fill, weight, opacity }: Style): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const named = { fill, 'font-weight': weight, opacity }
  const attributes = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : `${name}="${value}"`))
  return attributes.length === 0 || text === '' ? escaped : `<tspan ${attributes.join(' ')}>${escaped}</tspan>`
}

/** The style after one code of SGR (ECMA-48). */
function styleAfter({ fill, weight, opacity }: Style, code: string): Style {
  const kept = { ...(fill && { fill }), ...(weight && { weight }), ...(opacity && { opacity }) }
  if (code === '' || code === '0') return {}
  if (code === '1') return { ...kept, weight: 600 }
  if (code === '2') return { ...kept, opacity: 0.6 }
  if (code === '22') return fill ? { fill } : {}
  if (code === '39') return { ...(weight && { weight }), ...(opacity && { opacity }) }
  return colours[code] ? { ...kept, fill: colours[code] } : kept
}

const folder = mkdtempSync(join(tmpdir(), 'cms-relay-terminal-'))
const relay = spawn('script', ['--quiet', '--flush', '--return', '--command', `stty cols ${columns}; exec node ${join(project, 'bin/cms-relay.js')} serve`, '/dev/null'], {
  cwd: folder,
  env: { ...process.env, TERM: 'xterm-256color', COLUMNS: String(columns), PORT: '8080', RELAY_ADMIN_TOKEN: 'a-token-for-the-tour' },
  stdio: ['pipe', 'pipe', 'inherit'],
}) // biome-ignore format: one command
let output = ''
relay.stdout.setEncoding('utf8').on('data', (text: string) => {
  output += text
})

/** Resolves once the terminal shows something, without its colours. */
async function shown(pattern: RegExp): Promise<void> {
  while (!pattern.test(stripVTControlCharacters(output))) await once(relay.stdout, 'data')
}

await shown(/\/items\s*$/m)
const commands = stripVTControlCharacters(output).split(/\r?\n/).map((line) => line.trim()).filter((line) => line.startsWith('curl ')) // biome-ignore format: one idea
const [first = '', second = ''] = commands
const run = async (command: string) => once(spawn('sh', ['-c', command], { stdio: 'ignore' }), 'exit')
await run(first)
await shown(/post:1\b/)
await run(second)
await shown(/product:632910392/)
await run(second.replace('sandbox-secret', 'another-secret'))
await shown(/signs with\?/)
const screen = output
relay.stdin.write('\u0003')
await once(relay, 'exit')
rmSync(folder, { recursive: true })

const short = screen.split('\n').map((line) => {
  const plain = stripVTControlCharacters(line).trimEnd()
  return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`
})
writeFileSync(join(project, 'docs/images/terminal.svg'), drawTerminal(short.join('\n')))
