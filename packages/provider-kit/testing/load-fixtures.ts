import { type Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { faultKinds, type HeaderMap, type OperationName, operationNames } from '@llmproxy/provider-kit'
import type {
  FaultFixture,
  FixtureCase,
  Fixtures,
  FollowFixture,
  HealthFixture,
  JsonObject,
  ModelsFixture,
  OptionsFixture,
  TokenizerFixture,
  UpstreamAnswerFixture,
  UpstreamRequestFixture,
} from './fixture.ts'
import { parseSse } from './sse-parser.ts'
import { isObject } from './wire-rules.ts'

const caseFiles = new Set([
  'case.json',
  'request.json',
  'upstream.request.json',
  'upstream.response.json',
  'upstream.responses.json',
  'upstream.response.txt',
  'upstream.sse',
  'upstream.hex',
  'follow.json',
  'response.json',
  'chunks.json',
  'client.sse',
  'fault.json',
])

const caseMembers = new Set([
  'operation',
  'note',
  'model',
  'options',
  'headers',
  'dropped',
  'status',
  'response_headers',
  'rate_limits',
])

const optionsMembers = new Set(['valid', 'invalid', 'authorize'])

const faultMembers = new Set(['kind', 'status', 'headers', 'code', 'param', 'retryAfterMs', 'message'])

const operations: readonly OperationName[] = operationNames

/** The files of one folder by name. */
type Folder = ReadonlyMap<string, string>

/**
 * Reads a folder of fixtures (format: README.md of the kit). Fails with the file's name when a file is unknown, is not JSON
 * or lacks a required member: a misspelt name must not switch a check off.
 */
export async function loadFixtures(folder: URL): Promise<Fixtures> {
  const root = await readFolder(folder)
  const known = new Set(['options.json', 'health.json', 'models.json', 'tokenizer.json'])
  for (const name of root.files.keys())
    if (!known.has(name))
      throw new Error(`${name}: unknown fixture file; known are ${[...known].join(', ')} and folders`)
  const options = json(root.files, 'options.json') as OptionsFixture | undefined
  if (!Array.isArray(options?.valid) || options.valid.length === 0) {
    throw new Error(
      `options.json in ${fileURLToPath(folder)}: write { "valid": [{ … }] } with at least one entry`,
    )
  }
  for (const member of Object.keys(options)) {
    if (!optionsMembers.has(member)) throw new Error(`options.json: unknown member ${member}`)
  }
  const files = [...root.files].map(([name, text]) => ({ name, text }))
  const cases: FixtureCase[] = []
  for (const name of root.folders) {
    const content = await readFolder(new URL(`${encodeURIComponent(name)}/`, folder))
    for (const [file, text] of content.files) files.push({ name: `${name}/${file}`, text })
    cases.push(readCase(name, content.files, options.valid[0] ?? {}))
  }
  const health = readHealth(root.files)
  const models = readModels(root.files)
  const tokenizer = readTokenizer(root.files)
  return {
    options,
    cases,
    files,
    ...(health && { health }),
    ...(models && { models }),
    ...(tokenizer && { tokenizer }),
  }
}

async function readFolder(folder: URL): Promise<{ files: Folder; folders: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true })
  const named = (accepts: (entry: Dirent) => boolean): string[] =>
    entries
      .filter((entry) => accepts(entry) && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort()
  const files = new Map<string, string>()
  for (const name of named((entry) => entry.isFile())) {
    files.set(name, await readFile(new URL(encodeURIComponent(name), folder), 'utf8'))
  }
  return { files, folders: named((entry) => entry.isDirectory()) }
}

function readCase(name: string, files: Folder, baseOptions: JsonObject): FixtureCase {
  for (const file of files.keys())
    if (!caseFiles.has(file)) {
      const known = [...caseFiles].join(', ')
      throw new Error(`${name}/${file}: unknown fixture file; known are ${known}`)
    }
  const header = readHeader(name, files)
  const request = json(files, 'request.json', name) as JsonObject | undefined
  const upstreamRequest = json(files, 'upstream.request.json', name) as
    | UpstreamRequestFixture
    | readonly UpstreamRequestFixture[]
    | undefined
  const fault = readFault(name, files)
  const chunks = readChunks(name, files)
  const response = json(files, 'response.json', name)
  const answers = readUpstream(name, files, header, fault)
  const follow = readFollow(name, files)
  return {
    name,
    operation: (header['operation'] ?? 'chat') as OperationName,
    options: { ...baseOptions, ...(header['options'] as JsonObject | undefined) },
    model: textOf(header['model']) ?? textOf(request?.['model']) ?? 'conformance-model',
    stream: request?.['stream'] === true,
    headers: (header['headers'] ?? {}) as HeaderMap,
    dropped: (header['dropped'] ?? []) as readonly string[],
    ...(typeof header['note'] === 'string' && { note: header['note'] }),
    ...(isObject(header['rate_limits']) && { rateLimits: header['rate_limits'] as HeaderMap }),
    ...(request && { request }),
    ...(isList(upstreamRequest)
      ? { upstreamRequests: upstreamRequest }
      : upstreamRequest && { upstreamRequest }),
    ...(fault && { fault }),
    ...(chunks && { chunks }),
    ...(response !== undefined && { response }),
    ...(answers[0] && { upstream: answers[0] }),
    ...(files.has('upstream.responses.json') && { upstreamParts: answers }),
    ...(follow && { follow }),
  }
}

function isList<Value>(value: Value | readonly Value[] | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

function readHealth(files: Folder): HealthFixture | undefined {
  const health = json(files, 'health.json')
  if (health === undefined) return undefined
  if (!isObject(health)) throw new Error('health.json: must be an object')
  checkMembers('health.json', health, requestMembers, 'verdicts')
  for (const [index, verdict] of listAt('health.json: verdicts', health['verdicts']).entries()) {
    const place = `health.json: verdicts[${index}]`
    checkMembers(place, verdict, ['status', 'headers', 'body', 'text', 'expect'])
    const expected = isObject(verdict['expect']) ? verdict['expect']['status'] : undefined
    if (typeof verdict['status'] !== 'number' || typeof expected !== 'string')
      throw new Error(`${place}: write { "status": …, "body": …, "expect": { "status": … } }`)
  }
  return health as unknown as HealthFixture
}

function readFollow(name: string, files: Folder): readonly FollowFixture[] | undefined {
  const follow = json(files, 'follow.json', name)
  if (follow === undefined) return undefined
  const steps = listAt(`${name}/follow.json`, follow)
  for (const [index, step] of steps.entries()) {
    const place = `${name}/follow.json[${index}]`
    checkMembers(place, step, ['request', 'afterMs', 'response', 'binary'])
    if (!isObject(step['request']) || step['response'] === undefined)
      throw new Error(`${place}: write { "request": { "path": … }, "response": what the vendor answers }`)
    checkMembers(`${place}.request`, step['request'], requestMembers)
  }
  return steps as unknown as readonly FollowFixture[]
}

const requestMembers = ['method', 'path', 'headers', 'body', 'form']

function checkMembers(place: string, value: JsonObject, known: readonly string[], ...more: string[]): void {
  for (const member of Object.keys(value)) {
    if (![...known, ...more].includes(member)) throw new Error(`${place}: unknown member ${member}`)
  }
}

/** An array of objects; absent: empty. */
function listAt(place: string, value: unknown): readonly JsonObject[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every(isObject))
    throw new Error(`${place}: must be an array of objects`)
  return value
}

function readModels(files: Folder): ModelsFixture | undefined {
  const models = json(files, 'models.json')
  if (models === undefined) return undefined
  if (!isObject(models)) throw new Error('models.json: must be an object')
  const missing = ['request', 'response', 'models'].filter((member) => models[member] === undefined)
  if (missing.length > 0) {
    const form = '{ "request": { "path": … }, "response": what the vendor answers, "models": [ids] }'
    throw new Error(`models.json: ${missing.join(' and ')} missing; write ${form}`)
  }
  checkMembers('models.json', models, ['request', 'response', 'models', 'windows'])
  return models as unknown as ModelsFixture
}

function readTokenizer(files: Folder): readonly TokenizerFixture[] | undefined {
  const tokenizer = json(files, 'tokenizer.json')
  if (tokenizer === undefined) return undefined
  const entries = listAt('tokenizer.json', tokenizer)
  for (const [index, entry] of entries.entries()) {
    const place = `tokenizer.json[${index}]`
    checkMembers(place, entry, ['model', 'text', 'tokens'])
    const { model, tokens } = entry
    if (typeof model !== 'string' || (typeof tokens !== 'number' && tokens !== null))
      throw new Error(`${place}: write { "model": …, "text": …, "tokens": a number or null }`)
  }
  return entries as unknown as readonly TokenizerFixture[]
}

function readHeader(name: string, files: Folder): JsonObject {
  const header = json(files, 'case.json', name) ?? {}
  if (!isObject(header)) throw new Error(`${name}/case.json: must be an object`)
  for (const member of Object.keys(header)) {
    if (!caseMembers.has(member)) throw new Error(`${name}/case.json: unknown member ${member}`)
  }
  const operation = header['operation'] ?? 'chat'
  if (!operations.includes(operation as OperationName)) {
    throw new Error(`${name}/case.json: operation must be one of ${operations.join(', ')}`)
  }
  return header
}

function readFault(name: string, files: Folder): FaultFixture | undefined {
  const fault = json(files, 'fault.json', name)
  if (fault === undefined) return undefined
  if (!isObject(fault)) throw new Error(`${name}/fault.json: must be an object`)
  for (const member of Object.keys(fault)) {
    if (!faultMembers.has(member)) {
      throw new Error(
        `${name}/fault.json: unknown member ${member}; known are ${[...faultMembers].join(', ')}`,
      )
    }
  }
  const { kind } = fault
  if (!faultKinds.some((known) => known === kind)) {
    const found = kind === undefined ? 'kind is missing' : `unknown kind ${JSON.stringify(kind)}`
    throw new Error(`${name}/fault.json: ${found}; it must be one of ${faultKinds.join(', ')}`)
  }
  return fault as unknown as FaultFixture
}

const answerTypes: Readonly<Record<string, string>> = {
  'upstream.response.json': 'application/json',
  'upstream.responses.json': 'application/json',
  'upstream.sse': 'text/event-stream',
  'upstream.hex': 'application/octet-stream',
  'upstream.response.txt': 'text/plain',
}

/** The vendor's answers: none, one, or those of the parts. */
function readUpstream(
  name: string,
  files: Folder,
  header: JsonObject,
  fault: FaultFixture | undefined,
): readonly UpstreamAnswerFixture[] {
  const bodies = Object.keys(answerTypes).filter((file) => files.has(file))
  if (bodies.length > 1) throw new Error(`${name}: ${bodies.join(' and ')} exclude each other`)
  const file = bodies[0]
  if (file === undefined) return []
  const text = files.get(file) ?? ''
  const answer = {
    status: fault?.status ?? (typeof header['status'] === 'number' ? header['status'] : 200),
    headers: {
      'content-type': answerTypes[file] ?? '',
      ...(header['response_headers'] as HeaderMap | undefined),
      ...fault?.headers,
    },
    sse: file === 'upstream.sse' || file === 'upstream.hex',
  }
  if (file === 'upstream.hex') return [{ ...answer, text: '', bytes: hexBytes(`${name}/${file}`, text) }]
  if (file !== 'upstream.responses.json') {
    if (file.endsWith('.json')) json(files, file, name)
    return [{ ...answer, text }]
  }
  const parts = json(files, file, name)
  if (!Array.isArray(parts) || parts.length < 2)
    throw new Error(`${name}/${file}: must be an array with the answers to two or more requests`)
  return parts.map((part: unknown) => ({ ...answer, text: JSON.stringify(part) }))
}

/** Bytes as pairs of hexadecimal digits; white space means nothing, and neither does what follows a `#` on its line. */
function hexBytes(place: string, text: string): Uint8Array {
  const digits = text.replaceAll(/#.*/g, '').replaceAll(/\s+/g, '')
  if (!/^(?:[\da-f]{2})*$/i.test(digits)) throw new Error(`${place}: must be pairs of hexadecimal digits`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

function readChunks(name: string, files: Folder): readonly unknown[] | undefined {
  const chunks = json(files, 'chunks.json', name)
  if (chunks !== undefined && !Array.isArray(chunks)) throw new Error(`${name}/chunks.json: must be an array`)
  const stream = files.get('client.sse')
  if (chunks !== undefined || stream === undefined) return chunks
  return parseSse(stream)
    .filter((event) => event.data !== '[DONE]')
    .map((event) => JSON.parse(event.data) as unknown)
}

function json(files: Folder, name: string, folder?: string): unknown {
  const text = files.get(name)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const place = folder === undefined ? name : `${folder}/${name}`
    throw new Error(`${place}: not JSON: ${(error as Error).message}`, { cause: error })
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
