import { expect, test } from 'vitest'
import plugin from './index.ts'
import { options } from './options.ts'

const text = 'Context windows are finite: 上下文窗口是有限的。'

async function count(deployment: string, members: object = {}): Promise<number | undefined> {
  const settings = options.parse({
    api_key: 'key',
    base_url: 'https://my-resource.openai.azure.com',
    ...members,
  })
  return (await plugin.create(settings).tokenizer!(deployment))?.(text)
}

test('the model behind the deployment counts, as the operator has said it or as the deployment is named', async () => {
  expect(await count('chat', { base_model: 'gpt-4o' })).toBe(13)
  expect(await count('gpt-4', { base_model: { chat: 'gpt-4o' } })).toBe(16)
  expect(await count('chat', { base_model: { chat: 'gpt-4o' } })).toBe(13)
  expect(await count('gpt-35-turbo')).toBe(16)
  expect(await count('gpt-4o', { deployment_id: 'gpt-4' })).toBe(16)
})

test('a deployment whose name says nothing has no tokenizer', async () => {
  expect(await count('chat')).toBeUndefined()
})
