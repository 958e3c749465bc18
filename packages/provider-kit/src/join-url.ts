const lastVersion = /[^/]\/(v\d+[a-z0-9]*)$/i

/**
 * Appends `path` (starts with `/`) to a base URL. A version segment that ends the base and starts the path is not
 * doubled, because people write base URLs with and without it: `…/v1` and `/v1/messages` give `…/v1/messages`.
 */
export function joinUrl(baseUrl: string, path: string): string {
  const base = baseUrl.replace(/\/+$/, '')
  const version = lastVersion.exec(base)?.[1]
  if (version === undefined) return base + path
  const doubled = path === `/${version}` || path.startsWith(`/${version}/`) || path.startsWith(`/${version}?`)
  return base + (doubled ? path.slice(version.length + 1) : path)
}
