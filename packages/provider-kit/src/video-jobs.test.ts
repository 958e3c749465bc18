import { describe, expect, test } from 'vitest'
import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { videoJobs } from './video-jobs.ts'
import type { VideoRequest } from './wire.ts'

const videos = videoJobs({ path: '/v/videos', query: '?v=1', headers: { a: 'b' }, intervalMs: 700 })

function call(members: object, dropped: string[] = []): Call<VideoRequest> {
  return {
    id: 'abc',
    created: 7,
    model: 'film-2',
    stream: false,
    headers: {},
    body: { model: 'alias', prompt: 'A cat', ...members },
    dropped: (field) => void dropped.push(field),
  }
}

function faultOf(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  return undefined
}

describe('the request', () => {
  test('is a form of texts and the file of a data URL', () => {
    const url = 'data:image/jpeg;base64,AQI='
    for (const reference of [url, { image_url: url }, { image_url: { url } }, { url }]) {
      expect(videos.request(call({ seconds: 8, size: '720x1280', input_reference: reference }))).toEqual({
        path: '/v/videos?v=1',
        headers: { a: 'b' },
        form: {
          model: 'film-2',
          prompt: 'A cat',
          seconds: '8',
          size: '720x1280',
          input_reference: {
            filename: 'reference.jpg',
            mediaType: 'image/jpeg',
            bytes: Buffer.from([1, 2]),
          },
        },
      })
    }
  })

  test('reports what the vendor does not have, and nothing that asks for nothing', () => {
    const dropped: string[] = []
    videos.request(call({ n: 1, response_format: 'b64_json', user: null, stream: true }, dropped))
    expect(dropped).toEqual([])
    videos.request(call({ response_format: 'url', fps: 30 }, dropped))
    expect(dropped).toEqual(['response_format', 'fps'])
  })

  test.each<[object, string]>([
    [{ n: 2 }, 'n'],
    [{ input_reference: 'https://host.test/a.png' }, 'input_reference'],
    [{ input_reference: 'data:text/plain,hello' }, 'input_reference'],
    [{ input_reference: 5 }, 'input_reference'],
    [{ size: 5 }, 'size'],
    [{ seconds: {} }, 'seconds'],
  ])('%j is refused', (members, param) => {
    expect(faultOf(() => videos.request(call(members)))).toMatchObject({ kind: 'invalid_request', param })
  })
})

describe('the job', () => {
  test('is asked for until it is completed, then its file', () => {
    const get = { method: 'GET', headers: { a: 'b' } }
    for (const status of ['queued', 'in_progress', 'a new word', undefined]) {
      expect(videos.follow?.({ id: 'video_1', status, error: null }, call({}))).toEqual({
        request: { ...get, path: '/v/videos/video_1?v=1' },
        afterMs: 700,
      })
    }
    expect(videos.follow?.({ id: 'a/b', status: 'completed' }, call({}))).toEqual({
      request: { ...get, path: '/v/videos/a%2Fb/content?v=1' },
      afterMs: 0,
      binary: true,
    })
  })

  test.each<[object | null, string]>([
    [{ id: 'v', status: 'failed', error: { code: 'moderation_blocked', message: 'm' } }, 'content_filter'],
    [{ id: 'v', status: 'failed', error: { code: 'server_error', message: 'm' } }, 'upstream'],
    [{ id: 'v', status: 'failed', error: null }, 'upstream'],
    [{ id: 'v', status: 'expired' }, 'upstream'],
    [{ status: 'queued' }, 'bad_response'],
    [null, 'bad_response'],
  ])('%j is a fault of kind %s', (body, kind) => {
    expect(faultOf(() => videos.follow?.(body, call({})))).toMatchObject({ kind })
  })

  test('gives its file and its own members', () => {
    const file = { mediaType: 'video/mp4', base64: 'AQI=' }
    const data = [{ b64_json: 'AQI=', mime_type: 'video/mp4' }]
    expect(videos.response?.(file, call({}))).toEqual({ created: 7, data })
    const job = { id: 'video_1', status: 'completed', created_at: 12, seconds: '4' }
    expect(videos.response?.({ ...file, job }, call({}))).toEqual({ ...job, created: 12, data })
    for (const broken of [null, {}, { id: 'v', status: 'completed' }]) {
      expect(faultOf(() => videos.response?.(broken, call({})))).toMatchObject({ kind: 'bad_response' })
    }
  })
})

describe('a file that is none', () => {
  const given = (mediaType: string, text: string) =>
    faultOf(() => videos.response?.({ mediaType, base64: Buffer.from(text).toString('base64') }, call({})))

  test('is the error that stands in it', () => {
    const error = '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'
    expect(given('application/json', error)).toMatchObject({ kind: 'rate_limit', message: 'slow down' })
  })

  test('is no answer', () => {
    for (const [mediaType, text] of [
      ['application/json', '{"id":"v1","status":"completed"}'],
      ['application/json', 'not JSON'],
      ['text/html', '<p>Sorry</p>'],
    ] as const)
      expect(given(mediaType, text)?.kind).toBe('bad_response')
  })
})
