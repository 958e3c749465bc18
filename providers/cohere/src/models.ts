import { badResponse, isObject, type ModelList, modelWindows } from '@llmproxy/provider-kit'

/** The model list, without models of other endpoints such as rerank. A page has room for all of them. */
export function modelList(
  endpoints: readonly string[],
  headers: Readonly<Record<string, string>>,
): ModelList {
  return {
    request: () => ({ method: 'GET', path: '/v1/models?page_size=1000', headers }),
    response: (body) => {
      const list: unknown = isObject(body) ? body['models'] : undefined
      if (!Array.isArray(list)) throw badResponse('the model list has no array named "models"')
      return list.filter(isObject).flatMap((model) => {
        const { name, endpoints: offered } = model
        const usable = !Array.isArray(offered) || endpoints.some((endpoint) => offered.includes(endpoint))
        return typeof name === 'string' && name !== '' && usable ? [name] : []
      })
    },
    windows: modelWindows({ members: ['context_length'], list: 'models', id: 'name' }),
  }
}
