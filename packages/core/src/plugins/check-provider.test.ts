import { definePlugin, type Provider } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../create-gateway.ts'

const sound: Provider = { baseUrl: 'http://127.0.0.1:1', operations: {}, authorize: () => ({}) }

const start = (provider: unknown) =>
  createGateway(
    { providers: [{ name: 'toy', type: 'toy', models: ['m'] }] },
    {
      plugins: [
        definePlugin({ type: 'toy', options: z.strictObject({}), create: () => provider as Provider }),
      ],
    },
  )

test.each([
  [undefined, 'create() gave back no provider'],
  [{ ...sound, operations: undefined }, 'the provider has no operations'],
  [{ ...sound, authorize: undefined }, 'the provider has no authorize()'],
  [{ ...sound, baseUrl: undefined }, 'baseUrl undefined of the provider is no absolute URL'],
  [{ ...sound, baseUrl: 'vendor.example/v1' }, 'is no absolute URL'],
  [{ ...sound, baseUrl: 'file:///etc/passwd' }, 'is no http or https URL'],
])('a provider that cannot work is a configuration error: %j', async (provider, message) => {
  await expect(start(provider)).rejects.toThrow(
    `providers[0]: cannot be created: ${message.startsWith('is') ? '' : message}`,
  )
  await expect(start(provider)).rejects.toThrow(message)
})

test('a provider with an exchange() of its own may have any URL', async () => {
  const gateway = await start({
    ...sound,
    baseUrl: 'toy://here',
    exchange: () => Promise.reject(new Error()),
  })
  await gateway.close()
})

test.each<[string, Partial<Provider>]>([
  ['its own', { baseUrl: 'http://169.254.169.254/v1' }],
  [
    'that of its health check',
    { health: { baseUrl: 'http://[::ffff:a9fe:a9fe]', request: () => ({ path: '/' }) } },
  ],
  [
    'that of its models',
    { models: { baseUrl: 'http://169.254.1.1', request: () => ({ path: '/' }), response: () => [] } },
  ],
])('an address that is never asked is a configuration error: %s', async (_name, members) => {
  await expect(start({ ...sound, ...members })).rejects.toThrow(/providers\[0\]: .* is never asked: write/)
})
