import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import plugin from './index.ts'
import { options } from './options.ts'

const secrets = { secret_access_key: 'test-secret-4711', session_token: 'test-session-4711' }
const signing = { region: 'eu-central-1', access_key_id: 'AKIDEXAMPLE', ...secrets }

test('the hosts follow from the region, unless they are told', () => {
  const hosts = (given: object) => {
    const provider = plugin.create(options.parse({ api_key: 'test-key', ...given }))
    return [provider.baseUrl, provider.health?.baseUrl, provider.models?.baseUrl]
  }
  const control = 'https://bedrock.eu-central-1.amazonaws.com'
  expect(hosts({ region: 'eu-central-1' })).toEqual([
    'https://bedrock-runtime.eu-central-1.amazonaws.com',
    control,
    control,
  ])
  const own = 'https://vpce-1.example'
  expect(hosts({ base_url: `${own}/` })).toEqual([own, undefined, undefined])
  expect(hosts({ base_url: own, control_plane_url: control })).toEqual([own, control, control])
})

test('secrets are shown nowhere', () => {
  const parsed = options.parse(signing)
  const shown = [parsed, plugin.create(parsed)].map(
    (value) => JSON.stringify(value) + inspect(value, { depth: 9 }),
  )
  expect(shown.join('')).not.toContain('4711')
})

test.each([
  [{}, 'credentials are missing'],
  [{ ...signing, api_key: 'test-key' }, 'both are credentials'],
  [{ ...signing, region: undefined }, 'the signature of a request names it'],
  [{ region: 'x', secret_access_key: 'test-secret-4711' }, 'is missing beside secret_access_key'],
  [{ region: 'x', session_token: 'test-session-4711' }, 'is missing beside session_token'],
  [{ api_key: 'test-key' }, 'set it, or base_url'],
  [{ ...signing, access_key_id: 'with space' }, 'letters and digits'],
])('%o is told: %s', (given, message) => {
  const { error } = options.safeParse(given)
  expect(error?.issues.map((issue) => issue.message).join()).toContain(message)
  expect(JSON.stringify(error?.issues)).not.toContain('4711')
})

test('a token is sent as it is, an access key signs what is sent', async () => {
  const request = {
    operation: 'chat' as const,
    method: 'POST' as const,
    url: 'https://bedrock-runtime.eu-central-1.amazonaws.com/model/a%3A0/converse',
    headers: { 'content-type': 'application/json', 'user-agent': 'x' },
    body: Buffer.from('{}'),
  }
  const io = {
    signal: new AbortController().signal,
    now: () => 1_700_000_000_000,
    fetch: () => Promise.reject(new Error('no network')),
  }
  const headers = await plugin.create(options.parse(signing)).authorize(request, io)
  expect(headers).toMatchObject({
    'x-amz-date': '20231114T221320Z',
    'x-amz-security-token': 'test-session-4711',
  })
  expect(headers['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20231114\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=\w{64}$/,
  )
  const { body: _, ...bodiless } = request
  const health = await plugin
    .create(options.parse(signing))
    .authorize({ ...bodiless, method: 'GET', headers: {} }, io)
  expect(health['authorization']).not.toContain('content-type')
})
