import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isNeverAsked } from '../config/never-asked.ts'

/** The `code` of the error for an address that is never asked. */
export const neverAskedCode = 'ERR_ADDRESS_NEVER_ASKED'

export function neverAskedError(): Error {
  return Object.assign(new Error('the address is never asked'), { code: neverAskedCode })
}

/** A lookup that leaves out what is never asked; what is left may be asked. Nothing left: an error. */
export function guardedLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error !== null) return callback(error, '')
      const allowed = listed(found, family).filter(({ address }) => !isNeverAsked(address))
      const [first] = allowed
      if (first === undefined) callback(neverAskedError(), '')
      else if (wantsAll(options)) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function wantsAll({ all }: LookupOptions): boolean {
  return all === true
}

/** A lookup of others may give one address whatever it was asked for. */
function listed(found: string | LookupAddress[], family: number | undefined): readonly LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found
}
