import { isIP } from 'node:net'

/** True for an address or name that only this machine can reach: `127.0.0.0/8`, `::1`, `localhost` and `*.localhost`. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  const mapped = name.startsWith('::ffff:') ? name.slice('::ffff:'.length) : name
  if (isIP(mapped) === 4) return mapped.startsWith('127.')
  return isIP(name) === 6 && new URL(`http://[${name}]`).hostname === '[::1]'
}

/** The host name of a `Host` header or `undefined` when it is not one: `[::1]:8000` → `[::1]`. */
export function hostName(header: string): string | undefined {
  return /^(\[[0-9A-Fa-f:.]+\]|[^:/@\s[\]]+)(?::\d{1,5})?$/.exec(header)?.[1]
}

/** The host name of an `Origin` header; `undefined` for `null` and for what is not an origin. */
export function originHost(origin: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(origin) && URL.canParse(origin)
    ? new URL(origin).hostname
    : undefined
}
