import {
  type Call,
  type ChatParameter,
  type ChatRequest,
  chatParameters,
  type Provider,
  ProviderFault,
  type ProviderPlugin,
} from '../../packages/provider-kit/src/index.ts'
import {
  chatParameterSamples,
  companions,
} from '../../packages/provider-kit/testing/chat-parameter-samples.ts'
import { smallestProvider } from './smallest-provider.ts'
import { table } from './table.ts'

/** The model that the tables are made for: what becomes of a parameter may depend on it. Default: any name. */
const models: Readonly<Record<string, string>> = {
  openai: 'gpt-4o',
  anthropic: 'claude-sonnet-4-5',
  perplexity: 'sonar',
  grok: 'grok-3',
  blackbox: 'blackboxai/openai/gpt-4',
  openrouter: 'openai/gpt-4o',
  cohere: 'command-a-03-2025',
  azure_openai: 'gpt-4o',
  gemini: 'gemini-2.5-flash',
  mistral: 'mistral-large-latest',
  groq: 'llama-3.3-70b-versatile',
  deepseek: 'deepseek-chat',
  ollama: 'llama3.2',
  bedrock: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
}

const outcomes = [
  'forwarded',
  'mapped',
  'mapped in part, and reported',
  'dropped, and reported',
  'refused (400)',
  'not offered: the next provider is asked, else 501',
] as const
type Outcome = (typeof outcomes)[number]

/** What becomes of each parameter of a chat request, found out by asking the plugin. */
export function parameterTable(plugin: ProviderPlugin): string {
  const { provider } = smallestProvider(plugin)
  const model = modelOf(plugin)
  const found = new Map<Outcome, string[]>(outcomes.map((outcome) => [outcome, []]))
  for (const name of Object.keys(chatParameters) as ChatParameter[]) {
    const samples = chatParameterSamples[name].map(
      (value) => [value, outcomeOf(provider, model, name, value)] as const,
    )
    const same = samples.every(([, outcome]) => outcome === samples[0]?.[1])
    for (const [value, outcome] of same ? samples.slice(0, 1) : samples)
      found.get(outcome)?.push(same ? `\`${name}\`` : label(name, value))
  }
  const rows = [...found]
    .filter(([, names]) => names.length > 0)
    .map(([outcome, names]) => [outcome, names.join(', ')])
  return table([`For \`${model}\``, 'Parameters'], rows)
}

const signs: Readonly<Record<Outcome, string>> = {
  forwarded: '=',
  mapped: '→',
  'mapped in part, and reported': '≈',
  'dropped, and reported': '–',
  'refused (400)': '400',
  'not offered: the next provider is asked, else 501': '501',
}

/** Every parameter at every vendor, by the same signs as the legend of the document. */
export function parameterMatrix(plugins: readonly ProviderPlugin[]): string {
  const columns = plugins.map((plugin) => ({ plugin, provider: smallestProvider(plugin).provider }))
  const rows = (Object.keys(chatParameters) as ChatParameter[]).flatMap((name) =>
    chatParameterSamples[name].map((value) => [
      chatParameterSamples[name].length === 1 ? `\`${name}\`` : label(name, value),
      ...columns.map(({ plugin, provider }) => signs[outcomeOf(provider, modelOf(plugin), name, value)]),
    ]),
  )
  return table(['Parameter', ...plugins.map(({ type }) => type)], rows)
}

/** The model that {@link parameterMatrix} was made for, by vendor. */
export function modelOf({ type }: ProviderPlugin): string {
  return models[type] ?? 'local-model'
}

function outcomeOf(provider: Provider, model: string, name: ChatParameter, value: unknown): Outcome {
  const without = sent(provider, model, companions[name] ?? {})
  const given = sent(provider, model, { ...companions[name], [name]: value })
  if ('fault' in given) return given.fault === 'unsupported' ? outcomes[5] : outcomes[4]
  const reported = given.reported.some(
    (field) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`),
  )
  const before = 'fault' in without ? '' : JSON.stringify(without.body)
  if (reported) return before === JSON.stringify(given.body) ? outcomes[3] : outcomes[2]
  return JSON.stringify(given.body[name]) === JSON.stringify(value) ? outcomes[0] : outcomes[1]
}

type Sent =
  | { readonly fault: string }
  | { readonly body: Readonly<Record<string, unknown>>; readonly reported: readonly string[] }

function sent(provider: Provider, model: string, members: object): Sent {
  const reported: string[] = []
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], ...members } as ChatRequest
  const call: Call<ChatRequest> = {
    id: 'documentation',
    created: 1_700_000_000,
    model,
    stream: false,
    body,
    headers: {},
    dropped: (field) => void reported.push(field),
  }
  try {
    const { body: own, patch } = provider.operations.chat!.request(call)
    return { body: { ...(own ?? { ...body, ...patch }) }, reported }
  } catch (error) {
    if (ProviderFault.is(error)) return { fault: error.fault.kind }
    throw error
  }
}

/** A parameter with the kind of value that is meant, where values differ in what becomes of them. */
function label(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return `\`${name}: ${JSON.stringify(value)}\``
  if (Array.isArray(value)) return `\`${name}\` as a list`
  return 'type' in value ? `\`${name}\` of type \`${String(value.type)}\`` : `\`${name}\` as an object`
}
