import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import {
  chat,
  chunk,
  completion,
  fakeUpstream,
  openStream,
  type Reply,
  send,
  sendJson,
  sleep,
  streamEnd,
  until,
} from './support.ts'
import { type ConfigFolder, configFolder, startFrom } from './support/config-folder.ts'

interface Provider {
  readonly name: string
  readonly url: string
  readonly model: string
  readonly more?: string
}

interface Settings {
  readonly keys?: readonly string[]
  readonly more?: string
  readonly providers?: readonly Provider[]
}

function yaml(logFile: string, { keys = [], more = '', providers = [] }: Settings): string {
  const entries = providers.map(
    ({ name, url, model, more: own = '' }) =>
      `  - {name: ${name}, type: openai_compatible, base_url: "${url}/v1", models: [${model}], max_retries: 0, keepalive_timeout: 60${own}}\n`,
  )
  const fixed = 'reload_interval: 0.04\nrate_limit_rpm: null\nrate_limits: {chat: null}\n'
  const port = more.includes('port:') ? '' : 'port: 0\n'
  return `api_keys: [${keys.join(', ')}]\n${port}log_file: ${logFile}\n${fixed}${more}providers:\n${entries.join('')}`
}

/** A vendor whose streams say what the test tells them to. */
async function narrator() {
  const streams: ServerResponse[] = []
  const upstream = await fakeUpstream(({ body }, response) => {
    if (!body.includes('"stream":true')) return sendJson(response, 200, completion())
    streams.push(openStream(response))
    response.write(chunk('begun '))
  })
  return {
    url: upstream.url,
    streams,
    say: (text: string) => streams.forEach((stream) => stream.write(chunk(text))),
    finish: () => streams.forEach((stream) => stream.end(streamEnd)),
    sockets: () =>
      new Promise<number>((resolve) => upstream.server.getConnections((_, count) => resolve(count))),
  }
}

const key = (text: string) => ({ 'x-api-key': text })

function saidBy({ text }: Reply): string {
  return [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join('')
}

async function reloadMetrics(url: string) {
  const headers = { ...key('client-two'), accept: 'text/plain' }
  const { text } = await send(url, '/metrics', { method: 'GET', headers })
  const value = (name: string) => Number(new RegExp(`^llmproxy_${name} (\\d+)$`, 'm').exec(text)?.[1])
  return {
    reloads: value('config_reloads_total'),
    failures: value('config_reload_failures_total'),
    failed: value('config_reload_failed'),
    running: value(String.raw`requests_in_flight\{operation="chat"\}`),
  }
}

interface Step {
  /** What the log says of it. */
  readonly line: object
  readonly act: (folder: ConfigFolder, text: (changes: Settings) => string) => unknown
  /** Answers to requests after it, each to `model key`. */
  readonly answers?: Readonly<Record<string, number>>
}

const reloaded = (...changed: string[]) => ({
  level: 'info',
  msg: 'configuration reloaded',
  changed,
  needs_restart: [],
})
const refused = (problem: RegExp) => ({
  level: 'error',
  msg: 'configuration refused: what was in use before stays in use',
  problems: [expect.stringMatching(problem) as string],
})

function steps(first: string, second: string): readonly Step[] {
  const a = { name: 'a', url: first, model: 'm' }
  const b = { name: 'b', url: first, model: 'n' }
  const c = { name: 'c', url: second, model: 'o', more: ', api_key_env: C_KEY' }
  const keys = ['client-one', 'client-two']
  const limit = (seconds: number) => ({ more: `request_timeout: ${seconds}\n` })
  return [
    { line: {}, act: ({ overwrite }, text) => overwrite(text({ keys, providers: [a, b, c] })) },
    { line: reloaded('request_timeout'), act: ({ rename }, text) => rename(text(limit(50))) },
    { line: reloaded('request_timeout'), act: ({ overwrite }, text) => overwrite(text(limit(60))) },
    { line: refused(/^config\.yaml:\d+:\d+ /), act: ({ rename }) => rename('providers: [\n') },
    { line: reloaded(), act: ({ rename }, text) => rename(text({})) },
    {
      line: refused(/^config\.yaml:\d+:1 hots: unknown key; did you mean/),
      act: ({ overwrite }, text) => overwrite(`${text({})}hots: x\n`),
    },
    { line: reloaded('request_timeout'), act: ({ swapLink }, text) => swapLink(text(limit(70))) },
    {
      line: reloaded('providers.b'),
      act: ({ swapLink }, text) => swapLink(text({ providers: [a, c] })),
      answers: { 'n client-one': 404 },
    },
    {
      line: reloaded('providers.b'),
      act: ({ swapLink }, text) => swapLink(text({ providers: [a, b, c] })),
      answers: { 'n client-one': 200 },
    },
    {
      line: reloaded('api_keys'),
      act: ({ rename }, text) => rename(text({ keys: ['client-two', 'client-three'] })),
      answers: { 'm client-one': 401, 'm client-two': 200, 'm client-three': 200 },
    },
    {
      line: reloaded('request_timeout'),
      act: async ({ overwrite }, text) => {
        const whole = text(limit(80))
        overwrite(whole.slice(0, 150))
        await sleep(2)
        overwrite(whole)
      },
    },
    {
      line: reloaded('request_timeout'),
      act: async ({ remove, rename }, text) => {
        remove()
        await sleep(2)
        rename(text(limit(90)))
      },
    },
    { line: refused(/cannot be read: it is a folder$/), act: ({ unreadable }) => unreadable() },
    { line: reloaded(), act: ({ rename }, text) => rename(text({})) },
    { line: refused(/there is nothing in it/), act: ({ overwrite }) => overwrite('') },
    {
      line: refused(/^config\.yaml:1:\d+ api_keys: host 0\.0\.0\.0 can be reached from other machines/),
      act: ({ overwrite }, text) => overwrite(`host: 0.0.0.0\n${text({}).replace(/^api_keys.*\n/, '')}`),
      answers: { 'o client-two': 404, 'm client-one': 401 },
    },
    { line: reloaded(), act: ({ overwrite }, text) => overwrite(text({})) },
    {
      line: reloaded('providers.c.api_key'),
      act: ({ dotEnv }) => dotEnv('C_KEY=a-key-of-the-vendor\n'),
      answers: { 'o client-two': 200 },
    },
    {
      line: reloaded('request_timeout', 'body_limit', 'providers.a.base_url', 'providers.b'),
      act: ({ rename }, text) =>
        rename(text({ more: 'body_limit: 300\n', providers: [{ ...a, url: second }, c] })),
      answers: { 'm client-two': 200, 'n client-two': 404 },
    },
    {
      line: { level: 'warn', changed: ['port', 'body_limit', 'log_level'], needs_restart: ['port'] },
      act: ({ rename }, text) => rename(text({ more: 'port: 1\nlog_level: DEBUG\n' })),
    },
  ]
}

test(
  'a hundred streams run to their end over twenty reloads, valid ones and others',
  { timeout: 20_000 },
  async () => {
    const [first, second] = [await narrator(), await narrator()]
    const folder = configFolder()
    let settings: Settings = {}
    const text = (changes: Settings) => yaml(folder.logFile, (settings = { ...settings, ...changes }))
    const [start, ...changes] = steps(first.url, second.url)
    start?.act(folder, text)
    const server = await startFrom(folder)
    const running = Array.from({ length: 100 }, (_, n) =>
      chat(server.url, { stream: true, model: n % 2 === 0 ? 'm' : 'n' }, key('client-one')),
    )
    await until(() => first.streams.length === 100)

    const seen = async () => {
      const { reloads, failures } = await reloadMetrics(server.url)
      return reloads + failures
    }
    let done = 0
    for (const { act, answers = {} } of changes) {
      done += 1
      await act(folder, text)
      await expect.poll(seen, { interval: 5, timeout: 5000 }).toBe(done)
      first.say(`${done} `)
      for (const [asked, status] of Object.entries(answers)) {
        const [model, client = ''] = asked.split(' ')
        const answer = await chat(server.url, { model }, key(client))
        expect([asked, answer.status]).toEqual([asked, status])
      }
    }
    server.hangup()
    await expect.poll(seen, { interval: 5 }).toBe(20)
    first.say('20 ')

    expect(await reloadMetrics(server.url)).toEqual({ reloads: 15, failures: 5, failed: 0, running: 100 })
    first.finish()
    const replies = await Promise.all(running)
    const told = Array.from({ length: 20 }, (_, n) => `${n + 1} `).join('')
    expect(new Set(replies.map(saidBy))).toEqual(new Set([`begun ${told}`]))
    for (const { status, text: bytes } of replies) {
      expect(status).toBe(200)
      expect(bytes).toMatch(/"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/)
    }
    // The connections of what is no longer configured close with their last stream, long before `keepalive_timeout`.
    await expect.poll(() => first.sockets()).toBe(0)

    expect(await server.close()).toBe(0)
    const lines = folder.log().filter(({ msg }) => msg.startsWith('configuration'))
    expect(lines.slice(0, 19)).toMatchObject(changes.map(({ line }) => line))
    expect(lines.slice(19)).toMatchObject([{ level: 'warn', changed: [], needs_restart: ['port'] }])
    expect(JSON.stringify(folder.log())).not.toMatch(/client-(?:one|two|three)|a-key-of-the-vendor/)
  },
)
