// Names that WordPress' membership plugins have for what is not for everybody: blocks, shortcodes and the classes that
// blocks leave in HTML. By the words in them, since there are hundreds of such plugins: Jetpack, Memberful, MemberPress,
// Paid Memberships Pro, Restrict Content (Pro), WooCommerce Memberships, LearnDash, LifterLMS, s2Member, Ultimate Member, …

const word = (words: string) => new RegExp(`(?:^|[/_-])(?:${words.trim().split(/\s+/).join('|')})(?=[/_-]|$)`, 'i')

const gated = word(`
  premium-content premium_content paid paid-content paywall paywalled subscribers? subscriber-view members? membership memberships
  members-?only private privatecontent protected protect-content restrict restricted restriction restrictions content-control
  contentcontrol content-lock content-locker locker locked gate gated logged-?in logged_in user-access access-control hide hidden
  hidecontent unlock drip s2if s2member mepr memberpress memberful pmpro rcp wlm wcm swpm um_loggedin um_show_content ld-student
  suremembers passster patreon patron patrons`)

/** What the same plugins show to visitors instead. */
const forVisitors = word(
  `logged-?out loggedout logged-?out-view not-logged-in non-?members? nonmembers? guests? visitors? is_free is-free membership-exclude`,
)

/** Whether a block, a shortcode or a class of this name holds what is not for everybody. */
export function isGate(name: string): boolean {
  if (name === lastName) return lastIsGate
  lastName = name
  lastIsGate = name.length < 200 && gated.test(name) && !isForVisitors(name)
  return lastIsGate
}

// The same name is asked for several times in a row.
let lastName = ''
let lastIsGate = false

export function isForVisitors(name: string): boolean {
  return forVisitors.test(name)
}

/** What comes behind such a block is for subscribers. */
export function isPaywall(name: string): boolean {
  return /(?:^|\/)paywall$/i.test(name)
}

/**
 * Whether the settings of a block show it to some readers only: Block Visibility, Content Control, LifterLMS, Ultimate
 * Member, and WordPress' own switch that hides a block.
 */
export function isHiddenBySettings(settings: string): boolean {
  if (!settingsOfGates.test(settings)) return false
  const values = readSettings(settings)
  return values === undefined || Object.entries(values).some(([name, value]) => isLimit(name, value))
}

const settingsOfGates =
  /"(?:blockVisibility|contentControls?|llms_visibility|um_is_restrict|um_who_access|restrict\w*|pmpro\w*|rcp\w*|members?\w*|userRoles?|visibility)"\s*:/i

function readSettings(settings: string): Record<string, unknown> | undefined {
  try {
    const values: unknown = JSON.parse(settings)
    return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isLimit(name: string, value: unknown): boolean {
  if (name === 'metadata') return isNested(value) && value['blockVisibility'] === false
  if (!settingsOfGates.test(`"${name}":`)) return false
  if (value === null || value === false || value === '' || value === 0 || value === '0' || value === 'all') return false
  if (!isNested(value)) return true
  if (value['hideBlock'] === true || value['enabled'] === true) return true
  const sets = value['controlSets']
  return Array.isArray(sets) ? sets.length > 0 : false
}

function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
