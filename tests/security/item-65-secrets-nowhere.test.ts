import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig } from '@llmproxy/core'
import anthropic from '@llmproxy/provider-anthropic'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { createLogger, startServer } from '@llmproxy/server'
import { expect, onTestFinished, test } from 'vitest'
import {
  type Answer,
  chunk,
  fakeUpstream,
  openStream,
  paths,
  send,
  sendJson,
  type Sent,
  until,
} from '../reliability/support.ts'

/** No shape that a pattern for keys would know: only their value gives them away. */
const canaries = {
  provider: 'canaryprovider one/two+three',
  fromEnvironment: 'canaryenvironment.four',
  customHeader: 'canarycustomheaderfive',
  client: 'canaryclientsix',
  other: 'canaryotherclientseven',
  wrong: 'canarywrongeight',
  nested: 'canary"quoted"nine',
}

const prompt = 'canaryprompt'
const sentText = 'canary'

/** Echoes everything secret that it was sent, in every place where an answer has text. */
function echoing(status: number): Answer {
  return ({ headers, path, body }, response) => {
    const secrets = [
      headers['authorization'],
      headers['x-api-key'],
      headers['x-extra-token'],
      canaries.nested,
    ].join(' ')
    if (path.includes('models')) return sendJson(response, 401, { error: { message: secrets } })
    if (status === 200 && body.includes('"stream":true')) {
      openStream(response).write(chunk('x'))
      return void response.end(
        `data: ${JSON.stringify({ error: { message: `bad key ${secrets}`, code: secrets } })}\n\n`,
      )
    }
    const error = {
      message: `Incorrect API key provided: ${secrets}`,
      type: 'x',
      param: null,
      code: secrets,
      extra: secrets,
    }
    sendJson(response, status === 200 ? 500 : status, { error, detail: secrets }, { 'x-debug': 'see body' })
  }
}

async function traced(url: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'llmproxy-canary-')), 'log')
  const printed: string[] = []
  const shared = {
    max_retries: 0,
    circuit_breaker_threshold: 100_000,
    models: ['m'],
    custom_headers: { 'x-extra-token': canaries.customHeader },
  }
  const config = {
    port: 0,
    log_level: 'TRACE',
    debug: true,
    rate_limit_rpm: 150,
    rate_limits: { chat: null, completions: null, embeddings: null },
    health_check_interval: 0.02,
    api_keys: [canaries.client, { key: canaries.other, name: 'other' }],
    providers: [
      {
        name: 'a',
        type: 'openai_compatible',
        base_url: `${url}/v1`,
        api_key: canaries.provider,
        operations: ['chat', 'completions', 'embeddings'],
        ...shared,
      },
      { name: 'b', type: 'anthropic', base_url: url, api_key_env: 'SECOND_KEY', priority: 2, ...shared },
      {
        name: 'c',
        type: 'openai_compatible',
        base_url: `${url}/v1`,
        api_key: canaries.nested,
        priority: 3,
        ...shared,
      },
    ],
  } as const
  const env = { SECOND_KEY: canaries.fromEnvironment }
  const server = await startServer(checkConfig(structuredClone(config), env), {
    plugins: [openaiCompatible, anthropic],
    env,
    version: 'test',
    print: (line) => void printed.push(line),
    logger: (scrub) => createLogger({ level: 'TRACE', file, scrub }),
  })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= server.close())
  onTestFinished(close)
  return { url: server.url, printed, close, log: () => readFileSync(file, 'utf8') }
}

test.each([400, 401, 403, 404, 429, 500, 200])(
  'status %d that echoes every key shows none of them anywhere',
  async (status) => {
    const upstream = await fakeUpstream(echoing(status))
    const gateway = await traced(upstream.url)
    const outputs: string[] = []
    const record = async (path: string, sent: Sent = {}) => {
      const { headers, text } = await send(gateway.url, path, sent)
      outputs.push(JSON.stringify(headers), text)
    }
    const key = {
      'x-api-key': canaries.client,
      authorization: `Bearer ${canaries.other}`,
      cookie: `session=${canaries.wrong}`,
    }
    const messages = [{ role: 'user', content: prompt }]
    for (const stream of [false, true]) {
      await record(paths.chat, { headers: key, body: { model: 'm', messages, stream } })
      await record(paths.chat, { headers: key, body: { model: 'b/m', messages, stream } })
      await record(paths.completions, { headers: key, body: { model: 'm', prompt, stream } })
      await record('/v1/messages', { headers: key, body: { model: 'm', max_tokens: 5, messages, stream } })
    }
    await record(paths.embeddings, { headers: key, body: { model: 'm', input: prompt } })
    await record(paths.chat, { headers: { 'x-api-key': canaries.wrong }, body: { model: 'm', messages } })
    await record(`${paths.chat}?key=${canaries.wrong}`, { headers: key, body: { model: 'm', messages } })
    // Its answer repeats the id to the client that chose it; the log must not.
    await send(gateway.url, paths.chat, { headers: { ...key, 'x-request-id': canaries.client }, body: '{' })
    for (const path of ['/metrics', '/providers', '/health', '/v1/models', '/v1/models/m', '/nowhere']) {
      await record(path, { method: 'GET', headers: key })
      await record(path, { method: 'GET' })
    }
    await record('/metrics', { method: 'GET', headers: { ...key, accept: 'text/plain' } })
    await until(() => gateway.log().includes('"msg":"provider is unhealthy"'))
    await record('/providers', { method: 'GET', headers: key })
    await gateway.close()
    const log = gateway.log()
    expect(log).toContain('"msg":"request"')
    outputs.push(log, ...gateway.printed)
    expect(upstream.requests.length).toBeGreaterThan(5)
    expect(outputs.flatMap(leaks)).toEqual([])
  },
)

test('a configuration that is refused names the place of a secret, never its value', () => {
  const checked = checkConfig(
    {
      api_keys: [{ key: canaries.client, nmae: 'x' } as never],
      providers: [
        {
          name: 'a',
          type: 'openai_compatible',
          api_key: canaries.provider,
          custom_headers: { 'x y': canaries.customHeader },
        },
      ],
    },
    { A: canaries.fromEnvironment },
  )
  expect(checked.config).toBeUndefined()
  expect(leaks(JSON.stringify(checked))).toEqual([])
})

/** The surroundings of every canary in a text, so that a failure shows what leaked where. */
function leaks(text: string): string[] {
  return [...text.matchAll(new RegExp(`.{0,80}${sentText}.{0,40}`, 'gis'))].map(([found]) => found)
}
