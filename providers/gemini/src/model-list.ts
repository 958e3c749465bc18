import { badResponse, isObject, type ModelList, modelWindows } from '@llmproxy/provider-kit'
import { modelId } from './model-family.ts'

/** What this package can ask of a model. */
const methods: ReadonlySet<unknown> = new Set(['generateContent', 'embedContent'])

const inputLimits = modelWindows({ members: ['inputTokenLimit'], list: 'models', id: 'name' })

/** The models that answer or embed, without the collection in front of their ids. */
export const models: ModelList = {
  request: () => ({ method: 'GET', path: '/models?pageSize=1000' }),
  response(body) {
    const list = isObject(body) ? body['models'] : undefined
    if (!Array.isArray(list)) throw badResponse('the model list has no array named "models"')
    return list.filter(isObject).flatMap(({ name, supportedGenerationMethods: offered }) => {
      const usable = !Array.isArray(offered) || offered.some((method: unknown) => methods.has(method))
      return typeof name === 'string' && name !== '' && usable ? [modelId(name)] : []
    })
  },
  windows(body) {
    const windows = Object.entries(inputLimits(body))
    return Object.fromEntries(windows.map(([name, window]) => [modelId(name), window]))
  },
}
