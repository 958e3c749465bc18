import { BlockList, isIP } from 'node:net'

/**
 * Networks and hosts that no upstream is behind: what a machine finds only on its own link, and the services that hand its
 * credentials to whoever asks. Loopback and private networks are not among them, since models are hosted there.
 */
const ipv4 = [
  // "This host": systems connect to themselves.
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  // Metadata services of clouds outside of the link-local network.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const

const ipv6 = [
  ['::', 128],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
] as const

/** How IPv6 carries an IPv4 address in its last 32 bits: translated (two prefixes of NAT64, SIIT). `BlockList` knows the mapped form. */
const carriers = ['64:ff9b::', '64:ff9b:1::', '::ffff:0:']

const blocked = blockedAddresses()

function blockedAddresses(): BlockList {
  const list = new BlockList()
  for (const [address, bits] of ipv6) list.addSubnet(address, bits, 'ipv6')
  for (const [address, bits] of ipv4) {
    list.addSubnet(address, bits, 'ipv4')
    for (const carrier of carriers) list.addSubnet(carrier + address, 96 + bits, 'ipv6')
    list.addSubnet(sixToFour(address), 16 + bits, 'ipv6')
  }
  return list
}

/** 6to4 carries the IPv4 address behind its first 16 bits. */
function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`
}

/** True for an IP address that is link-local, unspecified, or a cloud's metadata service, however it is written. A name is none. */
export function isNeverAsked(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && blocked.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** What is wrong with a URL whose host is such an address, for the operator; `undefined` for every other URL. */
export function neverAskedProblem(url: string): string | undefined {
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '')
  if (host === undefined || !isNeverAsked(host)) return undefined
  return /^(?:0\.|::$)/.test(host)
    ? `${host} is where a server listens, not where it is reached: write 127.0.0.1`
    : `${host} is a link-local address or a metadata service, which is never asked: write the address of the model server`
}
