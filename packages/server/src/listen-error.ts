import { StartRefused } from './start-refused.ts'

export interface ListenPlace {
  readonly host: string
  readonly port: number
}

/** What to throw when an address cannot be had: the remedy where there is one, else the error itself. `elsewhere`: how to choose another port. */
export function listenError(error: unknown, { host, port }: ListenPlace, elsewhere: string): unknown {
  const remedy = remedies[(error as NodeJS.ErrnoException).code ?? '']
  return remedy === undefined
    ? error
    : new StartRefused(`cannot listen on ${host}:${port}: ${remedy(elsewhere)}`, { cause: error })
}

const remedies: Readonly<Record<string, (elsewhere: string) => string>> = {
  EADDRINUSE: (elsewhere) => `another program listens there; choose another port with ${elsewhere}`,
  EACCES: () => 'this user may not use that port; choose one above 1023',
  EADDRNOTAVAIL: () => 'no network interface of this machine has that address',
  ENOTFOUND: () => 'that host name has no address',
}
