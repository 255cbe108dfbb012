/** A claim as the engine is told of it: with the time by the store's clock, and until when it lasts. */
export type Leased<Claim> = Omit<Claim, 'leaseMs'> & { readonly at: number; readonly leaseUntil: number }

/** The claim, from now on. */
export function leased<Claim extends { readonly leaseMs: number }>(claim: Claim, at: number): Leased<Claim> {
  const { leaseMs, ...rest } = claim
  return { ...rest, at, leaseUntil: at + leaseMs }
}
