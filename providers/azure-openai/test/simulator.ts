import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import {
  openaiRoutes,
  type OpenaiVendor,
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  videoRoutes,
  type Violation,
} from '@llmproxy/provider-kit/testing'

const key = 'test-key'
const version = '2024-10-21'

/** The first version that takes an argument. */
const floors: Readonly<Record<string, string>> = {
  tools: '2023-12-01',
  seed: '2023-12-01',
  response_format: '2023-12-01',
  parallel_tool_calls: '2024-09-01',
  stream_options: '2024-09-01',
  max_completion_tokens: '2024-09-01',
  store: '2024-12-01',
  metadata: '2024-12-01',
  reasoning_effort: '2024-12-01',
}

/** Azure OpenAI on loopback, both at `/openai/deployments/…?api-version=` and at `/openai/v1`. */
export const vendor: SimulatedVendor = {
  type: 'azure_openai',
  models: { chat: 'gpt-4-deployment', embeddings: 'embedding-deployment', images: 'image-deployment' },
  options: (url) => ({ api_key: key, base_url: url, api_version: version, video_poll_interval: 0.01 }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        ...openaiRoutes({
          ...answers,
          path: (operation) => new RegExp(`^/openai/deployments/[^/]+${operation}$`),
          check: deploymentProblem,
        }),
        ...openaiRoutes({ ...answers, path: (operation) => `/openai/v1${operation}`, check: v1Problem }),
        ...videoRoutes('/openai/v1/videos', v1Problem),
        { method: 'GET', path: '/openai/models', check: versionProblem, answer: modelList },
        { method: 'GET', path: '/openai/v1/models', check: v1Problem, answer: modelList },
        { method: 'GET', path: '/openai/deployments', check: versionProblem, answer: modelList },
      ],
      refusal,
    }),
}

const safe = { filtered: false, severity: 'safe' }
const filterResults = { hate: safe, self_harm: safe, sexual: safe, violence: safe }
const promptResults = [
  {
    prompt_index: 0,
    content_filter_results: { ...filterResults, jailbreak: { filtered: false, detected: false } },
  },
]

const answers: Pick<OpenaiVendor, 'touch' | 'preamble' | 'reasons'> = {
  reasons: (request) => nameOf(request).startsWith('reasoning-'),
  preamble: () => [
    { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: promptResults },
  ],
  touch(answer, request) {
    // The model behind the deployment answers under its own name; keys come in alphabetical order.
    const named = { ...answer, ...(answer['model'] !== '' && { model: 'gpt-4o-2024-11-20' }) }
    const whole = answer['object'] === 'chat.completion' && { prompt_filter_results: promptResults }
    return sorted({ ...named, ...whole, choices: withFilters(answer['choices'], request) })
  },
}

/** `[filtered]` in the conversation: the answer is stopped by the filter before it says anything. */
function withFilters(choices: unknown, { body }: SimulatedRequest): unknown {
  if (!Array.isArray(choices)) return choices
  const filtered = JSON.stringify(body).includes('[filtered]')
  return choices.filter(isObject).map(({ message, ...choice }) => {
    const delta = choice['delta']
    const first = isObject(delta) && delta['role'] !== undefined
    const ended = choice['finish_reason'] !== null
    return sorted({
      ...choice,
      ...(message !== undefined && { message: filtered ? { role: 'assistant' } : message }),
      ...(filtered && ended && { finish_reason: 'content_filter' }),
      content_filter_results: first ? {} : filterResults,
    })
  })
}

function sorted(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function nameOf({ path, body }: SimulatedRequest): string {
  const inPath = /^\/openai\/deployments\/([^/]+)/.exec(path)?.[1]
  return inPath ?? (isObject(body) ? String(body['model']) : '')
}

function deploymentProblem(request: SimulatedRequest): Violation | string | undefined {
  const problem = versionProblem(request)
  if (problem !== undefined) return problem
  if (nameOf(request).startsWith('missing'))
    return { status: 404, message: 'The API deployment for this resource does not exist.' }
  const { body, query } = request
  if (isObject(body) && body['model'] !== nameOf(request)) return 'model is not the deployment'
  const asked = query.get('api-version') ?? ''
  const early = Object.entries(floors).find(
    ([name, floor]) => isObject(body) && body[name] !== undefined && asked.slice(0, 10) < floor,
  )
  return early && `Unrecognized request argument supplied: ${early[0]}`
}

function versionProblem({ query }: SimulatedRequest): Violation | undefined {
  if (/^\d{4}-\d\d-\d\d(?:-preview)?$/.test(query.get('api-version') ?? '')) return undefined
  return { status: 404, message: 'Resource not found' }
}

function v1Problem({ query }: SimulatedRequest): Violation | undefined {
  const asked = query.get('api-version')
  return asked === null || asked === 'v1' || asked === 'preview'
    ? undefined
    : { status: 404, message: 'Resource not found' }
}

function modelList() {
  return { json: { object: 'list', data: [{ id: 'gpt-4o-2024-11-20', object: 'model' }] } }
}

function refusal({ status, message }: Violation): unknown {
  if (status === 404 && message.includes('deployment'))
    return { error: { code: 'DeploymentNotFound', message } }
  if (status === 400)
    return { error: { message, type: 'invalid_request_error', param: null, code: null, status } }
  return { error: { code: String(status), message } }
}

function authenticate({ headers }: SimulatedRequest): Violation | string | undefined {
  const { 'api-key': apiKey, authorization } = headers
  if (apiKey !== undefined && authorization !== undefined)
    return { status: 400, message: 'one credential is enough' }
  if (apiKey === key || authorization === `Bearer ${key}`) return undefined
  return 'Access denied due to invalid subscription key or wrong API endpoint.'
}
