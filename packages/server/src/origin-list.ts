/** The origins of `cors_origins` as browsers write them: small letters, no slash at the end. */
export function originList(origins: readonly string[]): ReadonlySet<string> {
  return new Set(origins.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
}
