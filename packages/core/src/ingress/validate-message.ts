import { invalidRequest } from '../errors.ts'
import {
  type Check,
  isRecord,
  listOrNull,
  nonEmptyString,
  objectOrNull,
  type Shape,
  string,
  stringOrNull,
  wrong,
} from './validate-check.ts'

interface RoleRules {
  /** `content` may be absent or `null`. */
  readonly contentOptional: boolean
  readonly shape: Shape
}

const call: Check = (value, path) => {
  if (!isRecord(value)) wrong(path, 'an object with id, type and function', value)
  if (typeof value['id'] !== 'string' || value['id'] === '')
    wrong(`${path}.id`, 'a non-empty string', value['id'])
  if (typeof value['type'] !== 'string') wrong(`${path}.type`, '"function"', value['type'])
  // Other types carry their own member, which is between the client and the vendor.
  if (value['type'] === 'function') named(value['function'], `${path}.function`)
}

const named: Check = (value, path) => {
  if (!isRecord(value)) wrong(path, 'an object with name and arguments', value)
  nonEmptyString(value['name'], `${path}.name`)
  if (typeof value['arguments'] !== 'string')
    wrong(`${path}.arguments`, 'a string of JSON', value['arguments'])
}

const functionCall: Check = (value, path) => {
  if (value !== null) named(value, path)
}

const name: Shape = [['name', stringOrNull]]
const plain: RoleRules = { contentOptional: false, shape: name }

const roles: ReadonlyMap<unknown, RoleRules> = new Map<unknown, RoleRules>([
  ['system', plain],
  ['developer', plain],
  ['user', plain],
  [
    'assistant',
    {
      contentOptional: true,
      shape: [
        ...name,
        ['refusal', stringOrNull],
        ['tool_calls', listOrNull(call, 'an array of tool calls or null')],
        ['function_call', functionCall],
      ],
    },
  ],
  ['tool', { contentOptional: false, shape: name }],
  ['function', { contentOptional: true, shape: name }],
])

const roleNames = [...roles.keys()].map((role) => JSON.stringify(role)).join(', ')

/** The member that each known part type must have. Other types pass. */
const parts: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['text', (part, path) => string((part as Record<string, unknown>)['text'], `${path}.text`)],
  ['refusal', (part, path) => string((part as Record<string, unknown>)['refusal'], `${path}.refusal`)],
  [
    'image_url',
    (part, path) => imageUrl((part as Record<string, unknown>)['image_url'], `${path}.image_url`),
  ],
  ['input_audio', (part, path) => present(part, path, 'input_audio')],
  ['file', (part, path) => present(part, path, 'file')],
])

/** `messages` of a chat body. */
export const messages: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) wrong(path, 'a non-empty array of messages', value)
  const list: readonly unknown[] = value
  for (let index = 0; index < list.length; index++) message(list[index], path, index)
}

/** The path is only put together when something is wrong or nested: this runs for every message. */
function message(value: unknown, list: string, index: number): void {
  if (!isRecord(value)) wrong(`${list}[${index}]`, 'an object with role and content', value)
  const rules = roles.get(value['role'])
  if (rules === undefined) wrongRole(`${list}[${index}].role`, value['role'])
  const { content } = value
  if (typeof content !== 'string') contentParts(content, `${list}[${index}].content`, rules.contentOptional)
  if (value['role'] === 'tool') {
    const id = value['tool_call_id']
    if (typeof id !== 'string' || id === '') wrong(`${list}[${index}].tool_call_id`, 'a non-empty string', id)
  }
  for (const [member, check] of rules.shape) {
    const given = value[member]
    if (given !== undefined) check(given, `${list}[${index}].${member}`)
  }
}

/** A role is a word of the dialect, so an unknown one may be shown. */
function wrongRole(path: string, role: unknown): never {
  if (typeof role !== 'string' || !/^\w{1,32}$/.test(role)) return wrong(path, `one of ${roleNames}`, role)
  throw invalidRequest(
    `${path} must be one of ${roleNames}, found ${JSON.stringify(role)}`,
    path,
    'invalid_value',
  )
}

function contentParts(content: unknown, path: string, optional: boolean): void {
  if (content === undefined || content === null) {
    if (!optional) wrong(path, 'a string or an array of content parts', content)
    return
  }
  if (!Array.isArray(content)) {
    wrong(path, `a string or an array of content parts${optional ? ' or null' : ''}`, content)
  }
  const list: readonly unknown[] = content
  for (let index = 0; index < list.length; index++) part(list[index], `${path}[${index}]`)
}

function part(value: unknown, path: string): void {
  if (!isRecord(value)) wrong(path, 'an object with a type', value)
  const { type } = value
  if (typeof type !== 'string' || type === '') wrong(`${path}.type`, 'a non-empty string', type)
  parts.get(type)?.(value, path)
}

/** Some clients write the URL where the object with the URL belongs, and some vendors take it. */
function imageUrl(value: unknown, path: string): void {
  if (typeof value === 'string' && value !== '') return
  if (!isRecord(value)) wrong(path, 'an object with a url', value)
  nonEmptyString(value['url'], `${path}.url`)
}

function present(part: unknown, path: string, member: string): void {
  const value = (part as Record<string, unknown>)[member]
  if (!isRecord(value)) wrong(`${path}.${member}`, 'an object', value)
}

/** One element of `tools`: nested (`function: { name }`), or flat with a `name`, as some clients send them. */
export const tool: Check = (value, path) => {
  if (!isRecord(value)) wrong(path, 'an object with type and function', value)
  const { type } = value
  if (typeof type !== 'string' || type === '') wrong(`${path}.type`, 'a non-empty string', type)
  if (type !== 'function') return
  if (value['function'] === undefined && typeof value['name'] === 'string') return
  if (!isRecord(value['function'])) wrong(`${path}.function`, 'an object with a name', value['function'])
  const inner = value['function']
  nonEmptyString(inner['name'], `${path}.function.name`)
  if (inner['parameters'] !== undefined) objectOrNull(inner['parameters'], `${path}.function.parameters`)
}
