export const encodings = ['hex', 'base64', 'base64url'] as const

/** A signature as Node writes it: hex may come in upper case, base64url may come padded. */
export function normalised(signature: string, encoding: (typeof encodings)[number]): string {
  if (encoding === 'hex') return signature.toLowerCase()
  return encoding === 'base64url' ? signature.replace(/={1,2}$/, '') : signature
}
