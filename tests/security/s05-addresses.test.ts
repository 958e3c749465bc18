import { createGateway, type Gateway, type GatewayOptions, type Outcome } from '@llmproxy/core'
import { definePlugin, type Provider } from '@llmproxy/provider-kit'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import type { LookupFunction } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { bodies, fakeUpstream, healthy, provider } from '../reliability/support.ts'

/** The n-th lookup gives the n-th list of addresses, the last one for good. */
function names(...lists: readonly (readonly string[])[]) {
  const asked: string[] = []
  const lookup: LookupFunction = (name, _options, callback) => {
    const list = lists[Math.min(asked.length, lists.length - 1)]!
    asked.push(name)
    callback(
      null,
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { asked, lookup }
}

type ProviderInput = ReturnType<typeof provider>

interface Started {
  readonly gateway: Gateway
  readonly outcomes: readonly Outcome[]
}

async function started(providers: ProviderInput[], options: GatewayOptions): Promise<Started> {
  const outcomes: Outcome[] = []
  const gateway = await createGateway(
    { providers },
    { plugins: [openaiCompatible], observe: (outcome) => void outcomes.push(outcome), ...options },
  )
  onTestFinished(() => gateway.close())
  return { gateway, outcomes }
}

const named = (url: string) => url.replace('127.0.0.1', 'models.test')

test('a name that turns to a metadata service between two connections is asked once', async () => {
  const upstream = await fakeUpstream((request, response) => {
    response.setHeader('connection', 'close')
    healthy()(request, response)
  })
  const { asked, lookup } = names(['127.0.0.1'], ['169.254.169.254'])
  const { gateway, outcomes } = await started([provider('a', named(upstream.url))], { lookup })
  expect((await gateway.respond('chat', bodies.chat)).status).toBe(200)
  const { status, text } = await read(gateway)
  expect(status).toBe(502)
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'upstream_unreachable' } })
  expect(text).toContain('Provider \\"a\\": the upstream’s name resolves to an address that is never asked')
  expect(text + JSON.stringify(outcomes)).not.toContain('169.254')
  // Asking again would not help, and the request would wait for nothing.
  expect(asked).toEqual(['models.test', 'models.test'])
  expect(upstream.connections).toBe(1)
})

test('the next provider is asked instead', async () => {
  const upstream = await fakeUpstream(healthy())
  const { asked, lookup } = names(['fe80::1'])
  const providers = [
    { ...provider('a', named(upstream.url)), priority: 1 },
    { ...provider('b', upstream.url), priority: 2 },
  ]
  const { gateway, outcomes } = await started(providers, { lookup })
  expect((await read(gateway)).status).toBe(200)
  expect(outcomes[0]?.attempts).toMatchObject([
    { provider: 'a', fault: { kind: 'network' } },
    { provider: 'b' },
  ])
  expect(asked).toHaveLength(1)
})

test('of several addresses of a name, those that may be asked are', async () => {
  const upstream = await fakeUpstream(healthy())
  const { lookup } = names(['169.254.169.254', 'fe80::1', '127.0.0.1'])
  const { gateway } = await started([provider('a', named(upstream.url))], { lookup })
  expect((await read(gateway)).status).toBe(200)
})

// Several of these lead to this machine, where the upstream listens on every address.
test.each([
  '0.0.0.0',
  '0.0.0.1',
  '::',
  '::ffff:0.0.0.0',
  '169.254.169.254',
  '169.254.1.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fd00:ec2::254',
  '100.100.100.200',
])('a name that resolves to %s is never connected to', async (address) => {
  const upstream = await fakeUpstream(healthy())
  const { lookup } = names([address])
  const { gateway, outcomes } = await started([provider('a', named(upstream.url))], { lookup })
  expect((await read(gateway)).status).toBe(502)
  expect(outcomes[0]?.attempts).toMatchObject([{ fault: { kind: 'network', nothingSent: true } }])
  expect(upstream.connections).toBe(0)
})

test.each(['127.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]', 'localhost'])(
  'loopback is the operator’s own, however it is written: %s',
  async (host) => {
    const upstream = await fakeUpstream(healthy())
    const { gateway } = await started([provider('a', upstream.url.replace('127.0.0.1', host))], {})
    expect((await read(gateway)).status).toBe(200)
  },
)

test.each([
  ['http://169.254.169.254/v1', 'never asked'],
  ['http://2852039166/v1', 'never asked'],
  ['http://0xa9.254.0251.254', 'never asked'],
  ['http://[::ffff:169.254.169.254]:8080', 'never asked'],
  ['http://[64:ff9b::169.254.169.254]', 'never asked'],
  ['http://[fe80::1]', 'never asked'],
  ['http://100.100.100.200', 'never asked'],
  ['http://0.0.0.0:11434', 'write 127.0.0.1'],
  ['http://[::]:11434', 'write 127.0.0.1'],
  ['http://models.test@169.254.169.254/v1', 'user name'],
  ['http://169.254.169.254\\@models.test/v1', 'backslash'],
  ['http:\\\\169.254.169.254', 'must be a URL that starts with'],
])('base_url %s is a mistake of the configuration', async (base_url, message) => {
  const refused = createGateway(
    { providers: [{ ...provider('a', ''), base_url }] },
    { plugins: [openaiCompatible] },
  )
  await expect(refused).rejects.toThrow(new RegExp(`providers\\[0\\]\\.base_url: .*${message}`))
})

test('token endpoints, health checks and lists of models follow the same rule', async () => {
  const upstream = await fakeUpstream(healthy())
  const { asked, lookup } = names(['169.254.169.254'])
  const { port } = new URL(upstream.url)
  const at = (name: string) => `http://${name}.test:${port}`
  const elsewhere: Provider = {
    baseUrl: upstream.url,
    operations: { chat: { request: () => ({ path: '/v1/chat/completions' }) } },
    authorize: async (request, io) => {
      if (request.operation !== 'chat') return {}
      const { text } = await io.fetch(`${at('token')}/latest`)
      return { authorization: text }
    },
    health: { baseUrl: at('health'), request: () => ({ method: 'GET', path: '/' }) },
    models: { baseUrl: at('models'), request: () => ({ method: 'GET', path: '/' }), response: () => ['m-1'] },
  }
  const toy = definePlugin({ type: 'toy', options: z.strictObject({}), create: () => elsewhere })
  const gateway = await createGateway(
    { providers: [{ name: 'toy', type: 'toy', models: ['m', 'm-*'] }] },
    { plugins: [toy], lookup },
  )
  onTestFinished(() => gateway.close())
  const { status, text } = await read(gateway)
  expect(status).toBe(502)
  expect(text).toContain('asking for credentials')
  expect(await gateway.probe()).toMatchObject([
    { verdict: { status: 'unhealthy', reason: 'network', message: expect.stringContaining('never asked') } },
  ])
  expect((await gateway.models()).data.map(({ id }) => id)).toEqual(['m'])
  expect(new Set(asked)).toEqual(new Set(['token.test', 'health.test', 'models.test']))
  expect(upstream.connections).toBe(0)
})

async function read(gateway: Gateway): Promise<{ status: number; text: string }> {
  const answer = await gateway.respond('chat', bodies.chat)
  return { status: answer.status, text: await answer.text() }
}
