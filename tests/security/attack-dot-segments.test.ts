import { createGateway } from '@llmproxy/core'
import azure from '@llmproxy/provider-azure-openai'
import bedrock from '@llmproxy/provider-bedrock'
import gemini from '@llmproxy/provider-gemini'
import openai from '@llmproxy/provider-openai'
import { expect, onTestFinished, test } from 'vitest'
import { fakeUpstream, sendJson } from '../reliability/support.ts'

const vendors = [
  { type: 'azure_openai', api_key: 'test-key', api_version: '2024-10-21' },
  { type: 'bedrock', api_key: 'test-key', region: 'us-east-1' },
  { type: 'gemini', api_key: 'test-key' },
  { type: 'openai', api_key: 'test-key', video_poll_interval: 0.01 },
]

async function at(entry: (typeof vendors)[number], job: object) {
  const upstream = await fakeUpstream((_, response) => sendJson(response, 200, job))
  const provider = { ...entry, name: 'a', base_url: upstream.url, models: ['*'], max_retries: 0 }
  const gateway = await createGateway(
    { providers: [provider] },
    { plugins: [azure, bedrock, gemini, openai] },
  )
  onTestFinished(() => gateway.close())
  return { gateway, upstream }
}

test.each(vendors)('a model named .. never leads to another path of $type', async (entry) => {
  const { gateway, upstream } = await at(entry, {})
  for (const model of ['..', '.']) {
    const answer = await gateway.respond('chat', { model, messages: [{ role: 'user', content: 'a' }] })
    await answer.text()
  }
  const dotted = upstream.requests.filter(({ path }) => /\/\.\.?(?:[/?]|$)/.test(path))
  expect(dotted).toEqual([])
})

test('a job named .. does not read the list of all jobs', async () => {
  const { gateway, upstream } = await at(vendors[3]!, { id: '..', status: 'queued' })
  const answer = await gateway.respond('videos', { model: 'm', prompt: 'a' })
  expect([answer.status, upstream.requests.length]).toEqual([502, 1])
})
