import { isUtf8 } from 'node:buffer'
import type { OperationName } from '@llmproxy/provider-kit'
import { type GatewayError, invalidRequest } from '../errors.ts'
import type { IngressBody } from './ingress.ts'
import { type Bulk, elementsPerMember, findBulk } from '../exchange/json-bulk.ts'
import { findDanger, MAX_DEPTH } from './parse-body-danger.ts'
import { findJsonMistake } from './parse-body-json.ts'
import { findRivalModel } from './parse-body-model.ts'
import { found } from './validate-check.ts'
import { validateBody } from './validate.ts'

/** A path is for people: of a 200-deep one the beginning will do. */
const LONGEST_PATH = 120

/** Objects, arrays and members of objects, all together. The longest conversations have some thousands. */
const MAX_MEMBERS = 1_000_000

/** Characters. To find the mistake in a longer text takes too long. */
const LONGEST_SEARCHED = 4 * 1024 * 1024

/**
 * The client's bytes as the body of `operation`. Throws a `GatewayError` 400 (`invalid_request_error`) that says what
 * is wrong and where: no body, not UTF-8, not JSON (line and column), not an object, nested too deep, a key that could
 * become a prototype, two members that name the model, or a member of the wrong shape. Members that the gateway does not know are left alone.
 */
export function parseBody(operation: OperationName, bytes: Buffer): IngressBody {
  if (bytes.length === 0)
    throw invalidRequest('the request body is empty: send a JSON object', null, 'empty_body')
  if (!isUtf8(bytes)) throw notUtf8(bytes)
  const bulk = findBulk(bytes, MAX_MEMBERS)
  if (bulk !== undefined) throw tooBulky(bulk)
  const text = bytes.toString('utf8')
  const body = parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidRequest(`the request body must be a JSON object, found ${found(body)}`, null, 'invalid_json')
  }
  refuseDanger(body)
  refuseRivalModel(findRivalModel(body as Record<string, unknown>, text, bytes))
  validateBody(operation, body as Record<string, unknown>)
  return body as IngressBody
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notJson(text)
  }
}

function notJson(text: string): GatewayError {
  if (text.trim() === '') {
    return invalidRequest('the request body is only white space: send a JSON object', null, 'empty_body')
  }
  if (text.startsWith('\uFEFF')) {
    const message = 'the request body starts with a byte order mark, which is not JSON: send it without'
    return invalidRequest(message, null, 'invalid_json')
  }
  const mistake = text.length > LONGEST_SEARCHED ? undefined : findJsonMistake(text)
  const where =
    mistake === undefined
      ? ''
      : ` at line ${mistake.line}, column ${mistake.column}: expected ${mistake.expected}, found ${mistake.found}`
  return invalidRequest(`the request body is not valid JSON${where}`, null, 'invalid_json')
}

function tooBulky({ kind, at }: Bulk): GatewayError {
  if (kind === 'depth') {
    const message = `the request body is nested deeper than ${MAX_DEPTH} levels at byte ${at}`
    return invalidRequest(message, null, 'json_too_deep')
  }
  const most =
    kind === 'members'
      ? `${MAX_MEMBERS} objects, arrays and members`
      : `${MAX_MEMBERS * elementsPerMember} values`
  return invalidRequest(`the request body has more than ${most}: send it in parts`, null, 'json_too_large')
}

function refuseRivalModel(key: string | undefined): void {
  if (key === undefined) return
  const message =
    key === 'model'
      ? 'the request body names its model more than once: send one `model`'
      : `the key ${key} beside \`model\` leaves open which model is meant: send one \`model\``
  throw invalidRequest(message, key, 'ambiguous_model')
}

function notUtf8(bytes: Buffer): GatewayError {
  const text = bytes.toString('utf8')
  const offset = Buffer.byteLength(text.slice(0, text.indexOf('\uFFFD')))
  return invalidRequest(`the request body is not valid UTF-8 at byte ${offset}`, null, 'invalid_utf8')
}

function refuseDanger(body: object): void {
  const danger = findDanger(body)
  if (danger === undefined) return
  const path = danger.path.length > LONGEST_PATH ? `${danger.path.slice(0, LONGEST_PATH)}…` : danger.path
  if (danger.kind === 'depth') {
    throw invalidRequest(
      `the request body is nested deeper than ${MAX_DEPTH} levels at ${path}`,
      path,
      'json_too_deep',
    )
  }
  throw invalidRequest(`the key ${path} is not allowed in a request body`, path, 'forbidden_key')
}
