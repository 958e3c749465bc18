import { checkCountTokens, checkMessagesBody } from './anthropic-checks.ts'
import { answerMessages, readMessages } from './anthropic-messages.ts'
import type { Check } from './checks.ts'
import { badRequest, errorScript, type Wire } from './errors.ts'
import { faultScript, withFlakiness } from './faults.ts'
import { listModels, oneModel, unknownModel } from './model-list.ts'
import { type Behaviour, parseModelName } from './model-name.ts'
import { answerChat, readConversation } from './openai-chat.ts'
import { checkChat, checkCompletions, checkEmbeddings, checkPrompt } from './openai-checks.ts'
import { answerCompletions, promptTexts } from './openai-completions.ts'
import { answerEmbeddings } from './openai-embeddings.ts'
import { answerImages, answerVideos } from './openai-media.ts'
import { chatSize, type Density, messagesSize, type PromptSize, promptsSize } from './prompt-size.ts'
import { type Endpoint, endpointOf, keyOf, type MockRequest, wireOf } from './request.ts'
import { isObject, type JsonObject } from './schema-instance.ts'
import { drip, inOrder, json, pause, type Script } from './script.ts'
import { tokens } from './turn.ts'

/** What an answer depends on besides the request. */
export interface Surroundings {
  /** The keys that are accepted. Absent: any key, or none. */
  readonly keys?: readonly string[]
  /** How many requests for `model` were answered before this one. Asked only for names with `flaky`. */
  earlierRequests(model: string): number
}

/** How the body of one endpoint is checked, measured and answered. */
interface Operation {
  readonly check: Check
  readonly characters: (body: JsonObject) => number
  /** As a strict window counts. Absent: by characters. */
  readonly size?: (body: JsonObject, density: Density) => PromptSize
  readonly answer: (body: JsonObject, behaviour: Behaviour) => Script
}

const promptLength = (name: string) => (body: JsonObject) =>
  promptTexts(body[name]).reduce((sum, prompt) => sum + prompt.length, 0)
const messagesLength = (body: JsonObject) => readMessages(body).characters

const operations: Readonly<Record<Exclude<Endpoint['name'], 'model' | 'models'>, Operation>> = {
  chat: {
    check: checkChat,
    characters: (body) => readConversation(body).characters,
    size: chatSize,
    answer: answerChat,
  },
  completions: {
    check: checkCompletions,
    characters: promptLength('prompt'),
    size: (body, density) => promptsSize(promptTexts(body.prompt), body, density),
    answer: answerCompletions,
  },
  embeddings: { check: checkEmbeddings, characters: promptLength('input'), answer: answerEmbeddings },
  images: { check: checkPrompt, characters: promptLength('prompt'), answer: answerImages },
  videos: { check: checkPrompt, characters: promptLength('prompt'), answer: answerVideos },
  messages: {
    check: checkMessagesBody,
    characters: messagesLength,
    size: messagesSize,
    answer: answerMessages,
  },
  count_tokens: {
    check: checkCountTokens,
    characters: messagesLength,
    answer: (body) => json(200, { input_tokens: tokens(messagesLength(body)) }),
  },
}

/** The whole mock: a request in, the script of its answer out. Equal requests in equal surroundings get equal bytes. */
export function answer(request: MockRequest, surroundings: Surroundings): Script {
  const wire = wireOf(request)
  const key = keyOf(request)
  if (surroundings.keys && (key === undefined || !surroundings.keys.includes(key)))
    return refuseKey(key, wire)
  const endpoint = endpointOf(request)
  if (!endpoint) return unknownPath(request, wire)
  if (endpoint.name === 'models') return listModels(wire)
  if (endpoint.name === 'model') return oneModel(endpoint.id, wire)
  if (wire === 'anthropic' && request.headers['anthropic-version'] === undefined) {
    return errorScript(badRequest('anthropic-version: header is required', null), wire)
  }
  const body = parseBody(request.body)
  if (!body) return errorScript(badRequest('The body is not a JSON object in UTF-8.', null), wire)
  if (typeof body.model !== 'string' || body.model === '') {
    return errorScript(
      badRequest("Missing required parameter: 'model'.", 'model', 'missing_required_parameter'),
      wire,
    )
  }
  return answerModel(operations[endpoint.name], body, { model: body.model, wire, surroundings })
}

function answerModel(
  operation: Operation,
  body: JsonObject,
  { model, wire, surroundings }: { model: string; wire: Wire; surroundings: Surroundings },
): Script {
  const parsed = parseModelName(model)
  if ('problem' in parsed) return unknownModel(model, parsed.problem, wire)
  if (parsed.behaviour.scenario && operation !== operations.chat) {
    return unknownModel(model, 'scenarios are streams of OpenAI chat completions', wire)
  }
  const problem = operation.check(body)
  if (problem) return errorScript(problem, wire)
  const named = withFlakiness(parsed.behaviour, () => surroundings.earlierRequests(model))
  const characters = operation.characters(body)
  const size = strictSize(operation, body, named) ?? { messages: tokens(characters), functions: 0, answer: 0 }
  const isText = operation !== operations.chat && operation !== operations.messages
  const strict = named['strict-window'] !== undefined && !isText
  const behaviour = strict ? { ...named, promptTokens: size.messages + size.functions } : named
  const script =
    faultScript(behaviour, { wire, characters, size, isText }) ?? operation.answer(body, behaviour)
  const [spacing] = behaviour.drip ?? []
  const spread = spacing === undefined ? script : drip(script, spacing)
  const latency = pause(behaviour.latency?.[0] ?? 0)
  return latency.length === 0 ? spread : inOrder(latency, spread)
}

function strictSize(operation: Operation, body: JsonObject, behaviour: Behaviour): PromptSize | undefined {
  return behaviour['strict-window'] && operation.size?.(body, behaviour.dense ? 2 : 4)
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function parseBody(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** As the vendor does, the message shows the ends of the key that was sent. */
function refuseKey(key: string | undefined, wire: Wire): Script {
  if (wire === 'anthropic') return errorScript({ status: 401, message: 'invalid x-api-key' }, wire)
  const shown =
    key === undefined || key.length < 20 ? '' : `: ${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}`
  const message = key === undefined ? 'No API key was sent.' : `Incorrect API key provided${shown}.`
  return errorScript({ status: 401, message, type: 'invalid_request_error', code: 'invalid_api_key' }, wire)
}

function unknownPath(request: MockRequest, wire: Wire): Script {
  const message = `Invalid URL (${request.method} ${request.path.slice(0, 200)})`
  return errorScript({ status: 404, message, type: 'invalid_request_error', code: 'unknown_url' }, wire)
}
