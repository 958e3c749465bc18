import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { conversation, tooLongError } from '../condensation/support/scripted.ts'
import {
  completion,
  chunk,
  errorBody,
  fakeUpstream,
  openStream,
  paths,
  send,
  sendJson,
  streamEnd,
  until,
} from '../reliability/support.ts'

const question = 'canaryquestion'
const reply = 'canaryreply'

/** The command itself, with nothing configured but a provider, in folders of its own. */
async function started(url: string, more: string) {
  const home = mkdtempSync(join(tmpdir(), 'llmproxy-kept-'))
  for (const name of ['cwd', 'home', 'tmp']) mkdirSync(join(home, name))
  const provider = `{ name: a, type: openai_compatible, base_url: '${url}/v1', api_key: k, models: [m], max_retries: 0 }`
  writeFileSync(join(home, 'cwd', 'config.yaml'), `port: 0\n${more}providers:\n  - ${provider}\n`)
  const main = new URL('../../apps/llmproxy/src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@llmproxy/source', main, 'start'], {
    cwd: join(home, 'cwd'),
    env: { HOME: join(home, 'home'), TMPDIR: join(home, 'tmp') },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const address = await until(() => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0], 15_000)
  return {
    url: address,
    async end(): Promise<string> {
      child.kill('SIGTERM')
      await once(child, 'exit')
      return output
    },
    /** Everything that lies on disk now, as text. */
    files: () =>
      globSync('**', { cwd: home })
        .filter((path) => statSync(join(home, path)).isFile())
        .map((path) => `${path}: ${readFileSync(join(home, path), 'latin1')}`),
  }
}

test.each([
  ['as it comes', '', 400],
  [
    'told to log everything, into a file, and to make summaries',
    'log_level: TRACE\nlog_file: llmproxy.log\ncondensation: {}\n',
    200,
  ],
])(
  '%s, the command keeps nothing of what is asked and answered, on disk or in its log',
  async (_, settings, tooLong) => {
    const upstream = await fakeUpstream(({ body }, response) => {
      if (body.length > 8_000) return sendJson(response, 400, tooLongError)
      if (body.includes('failing')) return sendJson(response, 500, errorBody('it failed'))
      if (body.includes('"stream":true')) return void openStream(response).end(chunk(reply) + streamEnd)
      sendJson(response, 200, completion(reply))
    })
    const run = await started(upstream.url, settings)
    const messages = [{ role: 'user', content: question }]
    const tools = [{ type: 'function', function: { name: question, parameters: { type: 'object' } } }]
    const bodies = [
      { model: 'm', messages },
      { model: 'm', messages, stream: true },
      { model: 'm', messages, tools, user: question, metadata: { note: question } },
      { model: 'm', messages: [{ role: 'user', content: `${question} failing` }] },
      { model: 'm', messages: conversation(question) },
      { model: 'm', messages: question },
      { model: 'm', messages, n: question },
    ]
    const statuses: number[] = []
    for (const body of bodies) statuses.push((await send(run.url, paths.chat, { body })).status)
    statuses.push((await send(run.url, paths.chat, { body: `{"model":"m","messages":"${question}` })).status)
    expect(statuses).toEqual([200, 200, 200, 502, tooLong, 400, 400, 400])
    const summaries = upstream.requests.filter(({ body }) => body.includes('<transcript-'))
    expect(summaries.length > 0).toBe(tooLong === 200)
    const output = await run.end()
    const kept = [output, ...run.files()]
    expect(kept.join('\n')).toContain('"msg":"request"')
    expect(kept.filter((text) => text.includes(question) || text.includes(reply))).toEqual([])
  },
)
