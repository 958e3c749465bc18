/** Where a Redis or Valkey is, and how to log in there. */
export interface RedisTarget {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly database: number
  /** Of an ACL user; the default user has none. */
  readonly username?: string
  readonly password?: string
}

const defaultPort = 6379

/** Reads a `redis://` or `rediss://` URL; a text says what is wrong with it, without showing it. */
export function readRedisUrl(text: string): RedisTarget | string {
  const url = URL.parse(text)
  if (url === null) return notRead
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    return 'must start with `redis://`, or `rediss://` for TLS'
  }
  if (url.hostname === '') return 'names no host: write redis://host:6379'
  if (url.search !== '' || url.hash !== '') {
    return 'takes no options after `?` or `#`; a `?` or `#` inside of a password is written as %3F or %23'
  }
  const database = databaseOf(url.pathname)
  if (database === undefined)
    return 'takes the number of a database after the host, such as redis://host:6379/2, and no other path'
  const username = decoded(url.username)
  const password = decoded(url.password)
  if (username === undefined || password === undefined) return notRead
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
    tls: url.protocol === 'rediss:',
    database,
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  }
}

const notRead =
  'is not a URL of the form redis://user:password@host:6379/0, with a port up to 65535; in a name or password, characters such as @ : / ? # % are written as %40 %3A %2F %3F %23 %25'

function databaseOf(path: string): number | undefined {
  if (path === '' || path === '/') return 0
  return /^\/\d{1,6}$/.test(path) ? Number(path.slice(1)) : undefined
}

/** `undefined`: a `%` that begins no character. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** What must never be shown of the URL: itself, and the password alone as it is written and as it is meant. */
export function redisSecrets(text: string | null): readonly string[] {
  if (text === null) return []
  const target = readRedisUrl(text)
  if (typeof target === 'string' || target.password === undefined) return []
  return [text, URL.parse(text)!.password, target.password]
}
