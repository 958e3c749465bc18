/** What a vendor can take; conversations stay within it. Absent: it can. */
export interface ConversationTraits {
  readonly tools?: boolean
  readonly images?: boolean
}

export type GeneratedRequest = Readonly<Record<string, unknown>> & { readonly messages: readonly object[] }

type Random = () => number

const texts = ['Hello', '', ' ', '\n', 'Grüße 👋🏽', 'a  ', '{"a":1}', '# Title\n\n- item', 'x'.repeat(300)]
const names = ['get_weather', 'search', 'no_arguments'] as const
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }

/**
 * `count` chat requests as real clients send them, the same for the same seed: system and developer messages anywhere, turns of
 * one role in a row, empty texts, images, tool calls in parallel with results in any order, a few parameters. They begin
 * with any role and end with a user message or tool results. Without `model` and `stream`.
 */
export function generatedConversations(
  seed: number,
  count: number,
  traits: ConversationTraits = {},
): GeneratedRequest[] {
  const random = mulberry(seed)
  return Array.from({ length: count }, (_, index) => generated(random, index, traits))
}

function generated(random: Random, index: number, traits: ConversationTraits): GeneratedRequest {
  const tools = traits.tools !== false && random() < 0.5
  const messages: object[] = []
  if (random() < 0.4) messages.push(systemMessage(random))
  const steps = Math.floor(random() * 6)
  for (let step = 0; step < steps; step += 1)
    messages.push(...stepOf(random, `${index}_${step}`, tools, traits))
  const last = tools && random() < 0.3 ? toolStep(random, `${index}_last`) : [finalMessage(random, traits)]
  messages.push(...last)
  return { messages, ...(tools && { tools: toolList }), ...parameters(random, tools) }
}

function stepOf(random: Random, id: string, tools: boolean, traits: ConversationTraits): object[] {
  const dice = random()
  if (dice < 0.1) return [systemMessage(random)]
  if (dice < 0.45) return [userMessage(random, traits)]
  if (dice < 0.75 || !tools) return [{ role: 'assistant', content: pick(random, texts) }]
  return toolStep(random, id)
}

function systemMessage(random: Random): object {
  return { role: pick(random, ['system', 'developer']), content: content(random, false) }
}

function userMessage(random: Random, traits: ConversationTraits): object {
  return { role: 'user', content: content(random, traits.images !== false) }
}

/** The last user message always has a text: a request without any is refused by everybody, and rightly. */
function finalMessage(random: Random, traits: ConversationTraits): object {
  const text = { type: 'text', text: 'The last question' }
  const rich = traits.images !== false && random() < 0.3
  return { role: 'user', content: rich ? [text, image] : text.text }
}

function content(random: Random, images: boolean): unknown {
  if (random() < 0.6) return pick(random, texts)
  const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
    images && random() < 0.4 ? image : { type: 'text', text: pick(random, texts) },
  )
  return parts
}

function toolStep(random: Random, id: string): object[] {
  const count = 1 + Math.floor(random() * 3)
  // Ids as vendors make them: foreign characters, long ones, and numbering that starts again in every turn.
  const style = pick(random, [
    'call_',
    'call.',
    'functions.get_weather:',
    'toolu_01AbCdEfGhIjKlMnOpQrStUv',
    '',
  ])
  const calls = Array.from({ length: count }, (_, position) => ({
    id: `${style}${id}_${position}`,
    type: 'function',
    function: {
      name: pick(random, names),
      arguments: pick(random, ['{}', '{"city":"Rome"}', '{"a":{"b":[1,null]}}']),
    },
  }))
  const results = calls.map((call) => ({
    role: 'tool',
    tool_call_id: call.id,
    content: random() < 0.8 ? pick(random, texts) : [{ type: 'text', text: 'ok' }],
  }))
  const spoken = pick(random, [null, '', 'I look it up.'])
  return [
    { role: 'assistant', content: spoken, tool_calls: calls },
    ...(random() < 0.3 ? results.toReversed() : results),
  ]
}

const toolList = names.map((name) => ({
  type: 'function',
  function: {
    name,
    description: `Calls ${name}`,
    ...(name === 'no_arguments'
      ? {}
      : { parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }),
  },
}))

function parameters(random: Random, tools: boolean): object {
  return {
    ...(random() < 0.5 && { max_tokens: 50 + Math.floor(random() * 100) }),
    ...(random() < 0.3 && { temperature: Math.round(random() * 10) / 10 }),
    ...(random() < 0.2 && { top_p: 0.9 }),
    ...(random() < 0.2 && { stop: pick(random, ['END', ['END', 'STOP']]) }),
    ...(random() < 0.2 && { seed: 7 }),
    ...(random() < 0.2 && { user: 'user-1' }),
    ...(random() < 0.1 && { n: 1 }),
    ...(random() < 0.1 && { metadata: { trace: 'a' } }),
    ...(random() < 0.1 && { presence_penalty: 0.5 }),
    ...(random() < 0.1 && { logit_bias: { 50256: -100 } }),
    ...(tools && random() < 0.4 && { tool_choice: pick(random, ['auto', 'required', 'none', named]) }),
    ...(tools && random() < 0.2 && { parallel_tool_calls: random() < 0.5 }),
  }
}

const named = { type: 'function', function: { name: 'get_weather' } }

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!
}

/** A small generator with a seed, so that a failing conversation can be had again. In [0, 1). */
function mulberry(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
