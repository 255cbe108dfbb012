import { RelayError } from '../../domain/errors.ts'
import { sourceTypes } from '../../domain/ingest-item.ts'
import { describeUnknown } from '../../domain/unknown-name.ts'
import type { Browsing } from '../../store/contract/browsing.ts'
import type { ItemKey } from '../../store/contract/store.ts'

/** The items that an operator means: of any type if `type` is `any`, of the only one if it is left out. */
export interface Meant {
  readonly id: string
  readonly type?: string
  readonly destination?: string
}

export interface ChooseDeps {
  readonly store: Pick<Browsing, 'getItems'>
  /** Names of the configured destinations. */
  readonly destinations: readonly string[]
}

/** Every type that an item is known under. */
const anyType = 'any'

/**
 * The items to take away. One of which the relay has never heard is taken away as well, if its type is named: the ingest API may have
 * it. Throws RelayError if that is not one item, or one of any type, at one destination.
 */
export async function chooseToRemove(meant: Meant, deps: ChooseDeps): Promise<readonly ItemKey[]> {
  const found = await knownItems(meant, deps)
  return found.length > 0 ? found : [neverHeardOf(meant, deps)]
}

/** The held items to release. Throws RelayError if that is not one item, or one of any type, at one destination. */
export async function chooseToRelease(meant: Meant, deps: ChooseDeps): Promise<readonly ItemKey[]> {
  const found = await knownItems(meant, deps, true)
  if (found.length > 0) return found
  throw new RelayError('not_found', `no item '${nameOf(meant)}' is held`)
}

async function knownItems(meant: Meant, { store }: ChooseDeps, mustBeHeld = false): Promise<readonly ItemKey[]> {
  const { id, type, destination } = meant
  const all = await store.getItems({
    id,
    ...(type !== undefined && type !== anyType && { type }),
    ...(destination !== undefined && { destination }),
  })
  const found = mustBeHeld ? all.filter(({ held }) => held) : all
  const choices = found.map(({ destination: at, type: of }) => ({ destination: at, type: of }))
  const isOne = type === undefined ? found.length <= 1 : new Set(choices.map((choice) => choice.destination)).size <= 1
  if (isOne) return found.map((item) => ({ destination: item.destination, type: item.type, id: item.id }))
  const list = choices.map((choice) => `${choice.type} at ${choice.destination}`).join(', ')
  throw new RelayError(
    'conflict',
    `several items are called '${nameOf(meant)}': say which destination or type (${list})`,
    {
      details: { choices },
    },
  )
}

function neverHeardOf(meant: Meant, { destinations }: ChooseDeps): ItemKey {
  const { id, type, destination = destinations.length === 1 ? destinations[0] : undefined } = meant
  const unknown = `the relay has never heard of an item '${nameOf(meant)}'`
  if (type === undefined || type === anyType) {
    throw new RelayError('not_found', `${unknown}: to take it away all the same, name its type`)
  }
  if (!(sourceTypes as readonly string[]).includes(type)) {
    throw new RelayError(
      'invalid',
      `${unknown}, and '${type.slice(0, 64)}' is no item type (${sourceTypes.join(', ')})`,
    )
  }
  const known = destinations.join(', ') || 'none'
  if (destination === undefined) {
    throw new RelayError('conflict', `${unknown}: to take it away all the same, name its destination (${known})`)
  }
  if (!destinations.includes(destination)) {
    throw new RelayError('not_found', describeUnknown('destination', destination, destinations))
  }
  if (id.length < 1 || id.length > 256) throw new RelayError('invalid', 'an id has 1 to 256 characters')
  return { destination, type, id }
}

function nameOf({ id }: Meant): string {
  return id.slice(0, 256)
}
