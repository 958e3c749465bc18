import type { Call, ChatRequest, SseEvent } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { openToy, withProvider } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import { conformance, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

test('two streams of one operation may have wire formats of their own, chosen by options', async () => {
  const shouting = (call: Call<ChatRequest>) => {
    const decoder = openToy(call)
    return { ...decoder, event: ({ data }: SseEvent) => decoder.event({ data: data.slice(1) }) }
  }
  const plugin = withProvider((provider, options) => {
    const { base_url: url } = options as { base_url: string }
    if (!url.includes('shouting')) return provider
    return { ...provider, operations: { chat: { ...toyChat, stream: shouting } } }
  })
  const stream = fixtures.cases.find(({ name }) => name === 'stream')!
  const { upstream } = stream
  const loud = {
    ...stream,
    name: 'stream-shouting',
    options: { ...stream.options, base_url: 'https://shouting.invalid/v1' },
    upstream: { ...upstream!, text: upstream!.text.replaceAll('data: ', 'data: !') },
  }
  const checks = conformance(plugin, { ...fixtures, cases: [stream, loud] })
  await expect(checks.find(({ name }) => name.includes('do not mix'))!.run()).resolves.toBeUndefined()
})
