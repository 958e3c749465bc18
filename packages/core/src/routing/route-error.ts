import type { OperationName } from '@llmproxy/provider-kit'
import { GatewayError } from '../errors.ts'
import { nearest } from '../config/nearest.ts'
import type { ModelTable } from './model-table.ts'
import { entryOf } from './route-target.ts'
import type { ModelConfig } from '../config/schema.ts'

/** A provider that is switched off. */
export interface OffProvider {
  readonly name: string
  /** The environment variable that would switch it on; `null` when it was switched off by hand. */
  readonly variable: string | null
  readonly models: readonly ModelConfig[]
}

export type Feature = 'streaming' | 'tools' | 'images' | 'json_schema'

const shown = 10

const featureParams: Readonly<Record<Feature, string>> = {
  streaming: 'stream',
  tools: 'tools',
  images: 'messages',
  json_schema: 'response_format',
}

const never = { 'x-should-retry': 'false' }

/** 404 `model_not_found`: what is offered, what was probably meant, and what would make the name known. */
export function unknownModel(
  model: string,
  offered: Pick<ModelTable, 'list' | 'patterns'>,
  off: readonly OffProvider[],
): GatewayError {
  const names = offered.list().map(({ id }) => id)
  const switched = switchedOff(model, off)
  const near = switched === undefined && model.length <= 64 ? nearest(model, names) : undefined
  const sentences = [
    `The model ${quoted(model)} does not exist here.`,
    ...(switched === undefined ? [] : [enabling(switched, model)]),
    ...(near === undefined ? [] : [`Did you mean ${quoted(near)}?`]),
    available(names, offered.patterns()),
  ]
  return new GatewayError(404, 'invalid_request_error', sentences.join(' '), {
    param: 'model',
    code: 'model_not_found',
    headers: never,
  })
}

/** 501: no deployment of the model has the operation. */
export function unsupportedOperation(
  model: string,
  operation: OperationName,
  offering: readonly string[],
  off: readonly OffProvider[] = [],
): GatewayError {
  const switched = switchedOff(model, off)
  const message =
    offering.length === 0
      ? [
          `No configured provider offers ${operation}.`,
          ...(switched === undefined ? [] : [enabling(switched, model)]),
        ].join(' ')
      : `The model ${quoted(model)} is not offered for ${operation}. Providers with ${operation}: ${offering.slice(0, shown).join(', ')}.`
  return notImplemented(message, offering.length === 0 ? null : 'model')
}

/** 501: every deployment of the model lacks a feature that the request uses. */
export function unsupportedFeature(
  model: string,
  feature: Feature,
  providers: readonly string[],
): GatewayError {
  const list = providers.slice(0, shown).join(', ')
  return notImplemented(
    `The model ${quoted(model)} does not support ${feature} on ${list}: leave that out, or ask for another model.`,
    featureParams[feature],
  )
}

function notImplemented(message: string, param: string | null): GatewayError {
  return new GatewayError(501, 'not_implemented_error', message, {
    param,
    code: 'not_implemented',
    headers: never,
  })
}

/** The switched-off provider that lists the model, or that the model's prefix names. */
function switchedOff(model: string, off: readonly OffProvider[]): OffProvider | undefined {
  return (
    off.find(({ models }) => models.some((entry) => lists(entryOf(entry).id, model))) ??
    off.find((provider) => isPrefix(provider, model))
  )
}

function isPrefix({ name }: OffProvider, model: string): boolean {
  return model.startsWith(`${name}/`)
}

function lists(id: string, model: string): boolean {
  if (id === '*') return false
  return id.endsWith('*') ? model.startsWith(id.slice(0, -1)) : id === model
}

function enabling(provider: OffProvider, model: string): string {
  const { name, variable } = provider
  const subject = `Provider ${quoted(name)} ${isPrefix(provider, model) ? 'is' : 'lists it but is'}`
  return variable === null
    ? `${subject} switched off in the configuration.`
    : `${subject} off: set ${variable} to enable it.`
}

function available(names: readonly string[], patterns: readonly string[]): string {
  if (names.length === 0 && patterns.length === 0) return 'No model is configured by name.'
  const like = patterns.length === 0 ? '' : `names like ${short(patterns)}`
  const exact = names.length === 0 ? '' : `${short(names, ' (GET /v1/models)')}${like === '' ? '' : '; and '}`
  return `Available: ${exact}${like}.`
}

function short(names: readonly string[], where = ''): string {
  const more = names.length > shown ? ` and ${names.length - shown} more${where}` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}

/** Client text is quoted and cut: it goes into messages and logs. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
