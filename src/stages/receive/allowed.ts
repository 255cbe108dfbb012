import { RelayError } from '../../domain/errors.ts'
import type { Source } from '../source.ts'

/** A webhook from an address that its source does not allow. The sender is told no more than of a wrong signature. */
export class ForbiddenAddress extends RelayError {
  constructor({ name }: Pick<Source, 'name'>) {
    super('unauthorized', `webhook of source '${name}' is not verified`)
  }
}

/** Throws ForbiddenAddress. */
export function requireAllowed(source: Source, address: string): void {
  if (source.isAllowed && !source.isAllowed(address)) throw new ForbiddenAddress(source)
}
