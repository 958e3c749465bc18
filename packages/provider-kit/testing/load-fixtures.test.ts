import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { loadFixtures } from './load-fixtures.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folderWith(files: Readonly<Record<string, string>>): URL {
  const folder = mkdtempSync(join(tmpdir(), 'fixtures-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return pathToFileURL(`${folder}/`)
}

const options = '{"valid":[{"api_key":"test-key"}]}'

test('a case without case.json is a chat with the model of its request', async () => {
  const fixtures = await loadFixtures(
    folderWith({ 'options.json': options, 'a case #1/request.json': '{"model":"m","stream":true}' }),
  )
  expect(fixtures.cases).toEqual([
    {
      name: 'a case #1',
      operation: 'chat',
      model: 'm',
      stream: true,
      options: { api_key: 'test-key' },
      headers: {},
      dropped: [],
      request: { model: 'm', stream: true },
    },
  ])
})

test('client.sse is chunks without [DONE], and fault.json brings status and headers', async () => {
  const { cases } = await loadFixtures(
    folderWith({
      'options.json': options,
      's/client.sse': 'data: {"a":1}\n\ndata: [DONE]\n\n',
      's/upstream.sse': 'data: {}\n\n',
      's/case.json': '{"response_headers":{"x-a":"1"}}',
      'f/upstream.response.txt': '',
      'f/fault.json': '{"kind":"rate_limit","status":429,"headers":{"retry-after":"1"}}',
    }),
  )
  expect(cases.map(({ chunks, upstream }) => ({ chunks, upstream }))).toEqual([
    {
      chunks: undefined,
      upstream: {
        status: 429,
        headers: { 'content-type': 'text/plain', 'retry-after': '1' },
        text: '',
        sse: false,
      },
    },
    {
      chunks: [{ a: 1 }],
      upstream: {
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'x-a': '1' },
        text: 'data: {}\n\n',
        sse: true,
      },
    },
  ])
})

test('upstream.hex is the bytes of a stream', async () => {
  const hex = '00 0fFF  # the length\n# nothing\n7b7D\n'
  const { cases } = await loadFixtures(
    folderWith({
      'options.json': options,
      'a/upstream.hex': hex,
      'b/upstream.hex': '',
      'b/case.json': '{"response_headers":{"content-type":"application/x-frames"}}',
    }),
  )
  expect(cases.map(({ upstream }) => upstream)).toEqual([
    {
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      text: '',
      bytes: Uint8Array.of(0, 15, 255, 123, 125),
      sse: true,
    },
    {
      status: 200,
      headers: { 'content-type': 'application/x-frames' },
      text: '',
      bytes: new Uint8Array(),
      sse: true,
    },
  ])
})

test('an array of requests, and an array of answers, are those of the parts', async () => {
  const { cases } = await loadFixtures(
    folderWith({
      'options.json': options,
      'a/upstream.request.json': '[{"path":"/a"},{"path":"/b"}]',
      'a/upstream.responses.json': '[{"a": 1},{"b": 2}]',
    }),
  )
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, sse: false }
  expect(cases[0]).toMatchObject({
    upstreamRequests: [{ path: '/a' }, { path: '/b' }],
    upstream: { ...answer, text: '{"a":1}' },
    upstreamParts: [
      { ...answer, text: '{"a":1}' },
      { ...answer, text: '{"b":2}' },
    ],
  })
  expect(cases[0]).not.toHaveProperty('upstreamRequest')
})

test('follow.json and the verdicts of health.json are read', async () => {
  const follow = '[{"request":{"path":"/jobs/1"},"afterMs":5,"response":{"done":true}}]'
  const verdicts = '[{"status":400,"body":{"a":1},"expect":{"status":"unhealthy","reason":"configuration"}}]'
  const fixtures = await loadFixtures(
    folderWith({
      'options.json': options,
      'health.json': `{"path":"/models","verdicts":${verdicts}}`,
      'a/upstream.response.json': '{}',
      'a/follow.json': follow,
    }),
  )
  expect(fixtures.health).toEqual({ path: '/models', verdicts: JSON.parse(verdicts) })
  expect(fixtures.cases[0]?.follow).toEqual(JSON.parse(follow))
})

describe('refuses', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['no options', {}, 'options.json'],
    ['no valid options', { 'options.json': '{"valid":[]}' }, 'at least one'],
    [
      'an unknown member of the options',
      { 'options.json': '{"valid":[{}],"authorise":[{}]}' },
      'options.json: unknown member authorise',
    ],
    ['an unknown file', { 'options.json': options, 'model.json': '{}' }, 'model.json: unknown fixture file'],
    [
      'an unknown file of a case',
      { 'options.json': options, 'a/respone.json': '{}' },
      'a/respone.json: unknown fixture file',
    ],
    [
      'an unknown member',
      { 'options.json': options, 'a/case.json': '{"droped":[]}' },
      'a/case.json: unknown member droped',
    ],
    [
      'an unknown operation',
      { 'options.json': options, 'a/case.json': '{"operation":"chats"}' },
      'operation must be one of',
    ],
    [
      'an unknown kind of fault',
      { 'options.json': options, 'a/fault.json': '{"kind":"overload"}' },
      'a/fault.json: unknown kind "overload"; it must be one of invalid_request, ',
    ],
    [
      'a fault without a kind',
      { 'options.json': options, 'a/fault.json': '{"status":429}' },
      'a/fault.json: kind is missing',
    ],
    [
      'an unknown member of a fault',
      { 'options.json': options, 'a/fault.json': '{"kind":"overloaded","retry_after":7}' },
      'a/fault.json: unknown member retry_after',
    ],
    [
      'a list of models that is only the request',
      { 'options.json': options, 'models.json': '{"method":"GET","path":"/models"}' },
      'models.json: request and response and models missing; write { "request": ',
    ],
    [
      'a misspelt member of the list of models',
      { 'options.json': options, 'models.json': '{"request":{},"response":{},"models":[],"window":{}}' },
      'models.json: unknown member window',
    ],
    [
      'a count of no model',
      { 'options.json': options, 'tokenizer.json': '[{"text":"Hi","tokens":1}]' },
      'tokenizer.json[0]: write { "model": ',
    ],
    [
      'a count that is none',
      { 'options.json': options, 'tokenizer.json': '[{"model":"small","tokens":"1"}]' },
      'tokenizer.json[0]: write { "model": ',
    ],
    [
      'a misspelt count',
      { 'options.json': options, 'tokenizer.json': '[{"model":"small","count":1}]' },
      'tokenizer.json[0]: unknown member count',
    ],
    ['broken JSON', { 'options.json': options, 'a/request.json': '{' }, 'a/request.json: not JSON'],
    [
      'two answers',
      { 'options.json': options, 'a/upstream.sse': '', 'a/upstream.response.json': '{}' },
      'exclude each other',
    ],
    [
      'hexadecimal digits that are none',
      { 'options.json': options, 'a/upstream.hex': '0g' },
      'a/upstream.hex: must be pairs of hexadecimal digits',
    ],
    [
      'half a byte',
      { 'options.json': options, 'a/upstream.hex': '00 1' },
      'a/upstream.hex: must be pairs of hexadecimal digits',
    ],
    [
      'a stream beside bytes',
      { 'options.json': options, 'a/upstream.hex': '', 'a/upstream.sse': '' },
      'exclude each other',
    ],
    [
      'one answer where several are wanted',
      { 'options.json': options, 'a/upstream.responses.json': '[{}]' },
      'a/upstream.responses.json: must be an array with the answers to two or more requests',
    ],
    [
      'an unknown member of a follow-up',
      { 'options.json': options, 'a/follow.json': '[{"request":{"path":"/"},"response":1,"after":5}]' },
      'a/follow.json[0]: unknown member after',
    ],
    [
      'a follow-up without an answer',
      { 'options.json': options, 'a/follow.json': '[{"request":{"path":"/"}}]' },
      'a/follow.json[0]: write { "request": { "path": … }, "response": what the vendor answers }',
    ],
    [
      'follow-ups that are no array',
      { 'options.json': options, 'a/follow.json': '{}' },
      'a/follow.json: must be an array of objects',
    ],
    [
      'an unknown member of health.json',
      { 'options.json': options, 'health.json': '{"path":"/","verdict":[]}' },
      'health.json: unknown member verdict',
    ],
    [
      'a verdict without a status',
      { 'options.json': options, 'health.json': '{"path":"/","verdicts":[{"status":400,"expect":{}}]}' },
      'health.json: verdicts[0]: write { "status": …',
    ],
    [
      'chunks that are no array',
      { 'options.json': options, 'a/chunks.json': '{}' },
      'a/chunks.json: must be an array',
    ],
  ])('%s', async (_, files, message) => {
    await expect(loadFixtures(folderWith(files))).rejects.toThrow(message)
  })
})
