const names = [
  'authorization',
  '"x-api-key"',
  '"api-key"',
  '"proxy-authorization"',
  'cookie',
  '"set-cookie"',
  'api_key',
  'api_keys',
  'token',
  'secret',
  'password',
]

/** Fields that are never logged, at the top of a line and one or two levels down. */
export const redactedPaths: string[] = names.flatMap((name) => {
  const step = name.startsWith('"') ? `[${name}]` : name
  const below = name.startsWith('"') ? `[${name}]` : `.${name}`
  return [step, `*${below}`, `*.*${below}`]
})
