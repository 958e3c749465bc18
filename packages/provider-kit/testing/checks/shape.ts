import { createHook } from 'node:async_hooks'
import { API_VERSION, type Operation, operationNames } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { createProvider, type Subject, validate } from '../subject.ts'
import { describe, isObject } from '../wire-rules.ts'

const known: ReadonlySet<string> = new Set(operationNames)
const operationMembers: ReadonlySet<string> = new Set([
  'request',
  'response',
  'stream',
  'framing',
  'split',
  'join',
  'follow',
])
/** Members that mean nothing without another. */
const partners = [
  ['framing', 'stream'],
  ['split', 'join'],
  ['join', 'split'],
  ['follow', 'response'],
] as const
const supportFlags = ['streaming', 'tools', 'images', 'json_schema', 'stream_usage', 'continuation']
const providerMembers: Readonly<Record<string, string>> = {
  baseUrl: 'string',
  operations: 'object',
  authorize: 'function',
  supports: 'object?',
  clientHeaders: 'object?',
  fault: 'function?',
  rateLimits: 'function?',
  health: 'object?',
  models: 'object?',
  tokenizer: 'function?',
  exchange: 'function?',
}

/** What async_hooks reports for plain promises and ticks, which are no I/O. */
const harmless = new Set(['PROMISE', 'TickObject', 'Microtask'])

export const shapeChecks: readonly CheckDefinition[] = [
  {
    group: 'shape',
    name: 'the default export is a frozen plugin of this API version',
    why: 'The gateway refuses to load anything else.',
    find: ({ plugin }) => pluginProblems(plugin),
  },
  {
    group: 'shape',
    name: 'create() gives a provider with the members of the contract and no others',
    why: 'A misspelt member would be ignored without a word.',
    find: async (subject) =>
      providerProblems(await createProvider(subject, subject.fixtures.options.valid[0] ?? {})),
  },
  {
    group: 'shape',
    name: 'create() opens nothing, waits for nothing and reads no environment',
    why: 'A reload creates providers again and again, in processes that may not touch the network yet.',
    find: createEffects,
  },
]

function pluginProblems(plugin: unknown): string[] {
  if (!isObject(plugin)) return [`the default export is ${describe(plugin)}: use definePlugin()`]
  const problems: string[] = []
  if (plugin['apiVersion'] !== API_VERSION) {
    problems.push(`apiVersion is ${describe(plugin['apiVersion'])}, expected ${API_VERSION}`)
  }
  for (const name of [plugin['type'], ...((plugin['aliases'] as unknown[] | undefined) ?? [])]) {
    if (typeof name !== 'string' || !/^[a-z][a-z0-9_-]*$/.test(name)) {
      problems.push(`type ${describe(name)} must match ^[a-z][a-z0-9_-]*$`)
    }
  }
  const standard = (plugin['options'] as { '~standard'?: { validate?: unknown } } | undefined)?.['~standard']
  if (typeof standard?.validate !== 'function')
    problems.push('options is not a Standard Schema (zod makes one)')
  if (typeof plugin['create'] !== 'function') problems.push('create is not a function')
  if (!Object.isFrozen(plugin)) problems.push('the plugin is not frozen: use definePlugin()')
  return problems
}

function providerProblems(provider: unknown): string[] {
  if (!isObject(provider)) return [`create() gave ${describe(provider)}`]
  const problems: string[] = []
  for (const [name, expected] of Object.entries(providerMembers)) {
    const found = provider[name]
    if (found === undefined && expected.endsWith('?')) continue
    if (typeof found !== expected.replace('?', ''))
      problems.push(`${name}: expected a ${expected}, found ${describe(found)}`)
  }
  for (const name of Object.keys(provider)) {
    if (!(name in providerMembers)) problems.push(`${name}: not a member of the contract`)
  }
  const { baseUrl } = provider
  if (typeof baseUrl === 'string' && (!URL.canParse(baseUrl) || baseUrl.endsWith('/'))) {
    problems.push(`baseUrl: expected an absolute URL without a trailing slash, found ${describe(baseUrl)}`)
  }
  return [
    ...problems,
    ...operationsProblems(provider['operations']),
    ...supportsProblems(provider['supports']),
  ]
}

function operationsProblems(operations: unknown): string[] {
  if (!isObject(operations)) return []
  const names = Object.keys(operations).filter((name) => operations[name] !== undefined)
  if (names.length === 0) return ['operations: none']
  return names.flatMap((name) => {
    if (!known.has(name)) return [`operations.${name}: unknown operation`]
    const operation = operations[name] as Operation
    if (!isObject(operation)) return [`operations.${name}: expected an object, found ${describe(operation)}`]
    const problems = Object.entries(operation).flatMap(([member, value]) => {
      if (!operationMembers.has(member)) return [`operations.${name}.${member}: unknown member`]
      return value === undefined || typeof value === 'function'
        ? []
        : [`operations.${name}.${member}: not a function`]
    })
    if (typeof operation.request !== 'function') problems.push(`operations.${name}.request: not a function`)
    if (operation.stream !== undefined && operation.response === undefined) {
      problems.push(`operations.${name}: stream without response: whole answers would be relayed`)
    }
    for (const [member, needed] of partners) {
      if (operation[member] !== undefined && operation[needed] === undefined)
        problems.push(`operations.${name}: ${member} without ${needed}: it would never be used`)
    }
    return problems
  })
}

function supportsProblems(supports: unknown): string[] {
  if (!isObject(supports)) return []
  return Object.entries(supports).flatMap(([flag, value]) => {
    if (!supportFlags.includes(flag))
      return [`supports.${flag}: unknown flag, known are ${supportFlags.join(', ')}`]
    return value === undefined || typeof value === 'boolean'
      ? []
      : [`supports.${flag}: expected true or false`]
  })
}

async function createEffects(subject: Subject): Promise<string[]> {
  const { value } = await validate(subject, subject.fixtures.options.valid[0])
  const seen = new Set<string>()
  const environment = process.env
  const hook = createHook({ init: (_id, type) => void (harmless.has(type) || seen.add(`created a ${type}`)) })
  process.env = new Proxy(environment, {
    get(target, name) {
      if (typeof name === 'string') seen.add(`read the environment variable ${name}`)
      return target[name as string]
    },
  })
  hook.enable()
  let provider: unknown
  try {
    provider = subject.plugin.create(value)
  } finally {
    hook.disable()
    process.env = environment
  }
  if (provider instanceof Promise) seen.add('gave a promise')
  return [...seen].map((effect) => `create() ${effect}`)
}
