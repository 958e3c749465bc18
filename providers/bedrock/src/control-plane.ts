import { badResponse, isObject, type Provider } from '@llmproxy/provider-kit'
import type { Options } from './options.ts'

const request = () => ({ method: 'GET', path: '/foundation-models' }) as const

/**
 * The health check and the model list, which AWS answers on another host than the models. Behind a `base_url` nobody knows where,
 * unless it is told.
 */
export function controlPlane(options: Options): Pick<Provider, 'health' | 'models'> {
  const { control_plane_url: given, base_url: ownUrl, region } = options
  const baseUrl = given ?? (ownUrl === undefined ? `https://bedrock.${region}.amazonaws.com` : undefined)
  if (baseUrl === undefined) return {}
  return { health: { baseUrl, request }, models: { baseUrl, request, response: modelIds } }
}

function modelIds(body: unknown): readonly string[] {
  const list = isObject(body) ? body['modelSummaries'] : undefined
  if (!Array.isArray(list)) throw badResponse('the model list has no array named "modelSummaries"')
  return list.filter(isObject).flatMap(({ modelId }) => (typeof modelId === 'string' ? [modelId] : []))
}
