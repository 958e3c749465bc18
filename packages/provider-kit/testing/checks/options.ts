import { inspect } from 'node:util'
import type { Provider } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import type { JsonObject } from '../fixture.ts'
import { hostKeys } from '../host-keys.ts'
import { attempt, createProvider, openCases, callOf, type Subject, validate } from '../subject.ts'

const unknownKey = 'conformance_unknown_key'
const marker = 'conformance-secret-4711'

export const optionChecks: readonly CheckDefinition[] = [
  {
    group: 'options',
    name: 'every valid sample of options.json is accepted',
    why: 'The documented options must work.',
    find: acceptedProblems,
  },
  {
    group: 'options',
    name: 'an unknown option is refused by name',
    why: 'A typo in the configuration must not be ignored.',
    find: unknownKeyProblems,
  },
  {
    group: 'options',
    name: 'every invalid sample of options.json is refused at its path',
    why: 'The path is how the gateway finds the line of the configuration, and which key variable is missing.',
    find: invalidProblems,
  },
  {
    group: 'options',
    name: 'no option has the name of a key of the gateway',
    why: 'The gateway takes its own keys away, so such an option would never arrive.',
    find: hostKeyProblems,
  },
  {
    group: 'options',
    name: 'secrets never show in printed providers and options, in requests or in messages about bad options',
    why: 'They would end up in logs.',
    find: async (subject) => [...(await printedSecrets(subject)), ...(await echoedSecrets(subject))],
  },
]

async function acceptedProblems(subject: Subject): Promise<string[]> {
  const problems: string[] = []
  for (const [index, options] of subject.fixtures.options.valid.entries()) {
    const result = await createProvider(subject, options).catch((error: unknown) => error)
    if (result instanceof Error) problems.push(`valid[${index}]: ${result.message}`)
  }
  return problems
}

async function unknownKeyProblems(subject: Subject): Promise<string[]> {
  const { issues } = await validate(subject, { ...subject.fixtures.options.valid[0], [unknownKey]: 1 })
  if (issues.length === 0) return [`${unknownKey}: 1 is accepted: make the schema strict (z.strictObject)`]
  return issues.some((issue) => issue.text.includes(unknownKey))
    ? []
    : [`the issue does not name ${unknownKey}: ${issues.map((issue) => issue.message).join('; ')}`]
}

async function invalidProblems(subject: Subject): Promise<string[]> {
  const problems: string[] = []
  for (const [index, sample] of (subject.fixtures.options.invalid ?? []).entries()) {
    const { issues } = await validate(subject, structuredClone(sample.options))
    const paths = issues.map((issue) => issue.path)
    if (issues.length === 0) problems.push(`invalid[${index}]: accepted`)
    else if (!paths.includes(sample.path)) {
      problems.push(
        `invalid[${index}]: expected an issue at ${sample.path || '(top)'}, found ${paths.join(', ') || '(top)'}`,
      )
    }
  }
  return problems
}

async function hostKeyProblems(subject: Subject): Promise<string[]> {
  const base = subject.fixtures.options.valid[0] ?? {}
  const problems: string[] = []
  for (const key of hostKeys) {
    if (key in base) problems.push(`options.json uses ${key}`)
    // A plugin without this option complains about the name, not about the value: two values tell them apart.
    for (const value of [1, {}]) {
      const { issues } = await validate(subject, { ...base, [key]: value })
      const named = issues.some((issue) => issue.path === key || issue.path.startsWith(`${key}.`))
      if (issues.length === 0 || named) {
        problems.push(`${key}: the schema has an option of this name`)
        break
      }
    }
  }
  return problems
}

async function printedSecrets(subject: Subject): Promise<string[]> {
  const { value, issues } = await validate(subject, withMarkers(subject.fixtures.options.valid[0] ?? {}))
  if (issues.length > 0)
    return [`a longer secret is refused: ${issues.map((issue) => issue.message).join('; ')}`]
  const provider = subject.plugin.create(value)
  const found: string[] = []
  for (const [name, printed] of [
    ['the options', value],
    ['the provider', provider],
  ] as const) {
    const texts = {
      'String()': attempt(() => String(printed)),
      'JSON.stringify()': attempt(() => JSON.stringify(printed)),
      'util.inspect()': attempt(() => inspect(printed, { depth: 20, showHidden: true })),
    }
    for (const [how, text] of Object.entries(texts)) {
      if ('value' in text && text.value?.includes(marker))
        found.push(`${how} of ${name} shows a secret: wrap it in Secret`)
    }
  }
  return [...found, ...(await sentSecrets(subject, provider))]
}

async function sentSecrets(subject: Subject, provider: Provider): Promise<string[]> {
  const requests = [
    ...(await openCases(subject)).map(({ fixture }) => ({
      name: fixture.name,
      built: attempt(() => provider.operations[fixture.operation]?.request(callOf(fixture) as never)),
    })),
    { name: 'health()', built: attempt(() => provider.health?.request()) },
    { name: 'models.request()', built: attempt(() => provider.models?.request()) },
  ]
  return requests.flatMap(({ name, built }) =>
    'value' in built && JSON.stringify(built.value ?? null).includes(marker)
      ? [`${name}: the request holds a secret: only authorize() may add it`]
      : [],
  )
}

async function echoedSecrets(subject: Subject): Promise<string[]> {
  const valid = subject.fixtures.options.valid.map(withMarkers)
  const broken = valid.flatMap((options) => [
    { ...options, [unknownKey]: 1 },
    ...secretNames(options).flatMap((name) => [
      { ...options, [name]: `${marker}\nx` },
      { ...options, [name]: { value: marker } },
      { ...options, [name]: [marker] },
    ]),
  ])
  const samples = [
    ...broken,
    ...(subject.fixtures.options.invalid ?? []).map((sample) => withMarkers(sample.options)),
  ]
  const problems: string[] = []
  for (const options of samples) {
    const { issues } = await validate(subject, options)
    const echo = issues.find((issue) => issue.text.includes(marker))
    if (echo !== undefined) problems.push(`a message about ${echo.path || 'the options'} repeats a secret`)
  }
  return problems
}

function withMarkers(options: JsonObject): JsonObject {
  return {
    ...structuredClone(options),
    ...Object.fromEntries(secretNames(options).map((name) => [name, `${String(options[name])}-${marker}`])),
  }
}

/** The options that hold secrets: strings under the names that secrets have. */
export function secretNames(options: JsonObject): string[] {
  return Object.keys(options).filter(
    (name) => typeof options[name] === 'string' && /(?:^|_)(?:key|token|secret|password)$/.test(name),
  )
}
