/** What the sandbox's ingest API knows a relay by. Everybody knows it, too. */
export const sandboxIdentity = {
  token: 'sandbox.sandbox-token-secret',
  websiteId: 'site_sandbox',
  siteDomain: 'example.com',
} as const
