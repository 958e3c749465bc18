import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type MixedGateway, mixedGateway, modelOf } from '../vendors/support/mixed-gateway.ts'
import { vendors } from '../vendors/support/vendors.ts'
import { baits, enticing } from './support/baits.ts'

/** Where nobody may ever be sent. */
const evil = { connections: 0, url: '' }
const trap = createServer((_request, response) => void response.end('{}'))
trap.on('connection', () => evil.connections++)

let mixed: MixedGateway
beforeAll(async () => {
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
  evil.url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  mixed = await mixedGateway()
})
afterAll(async () => {
  await mixed[Symbol.asyncDispose]()
  trap.closeAllConnections()
  trap.close()
})

/** A vendor that refuses one of them must not hide the others. */
function baitsOneByOne(): object[] {
  return [{}, ...Object.entries(baits(evil.url)).map(([name, value]) => ({ [name]: value }))]
}

const messages = [{ role: 'user', content: 'Hello' }]
const paths = {
  chat: '/v1/chat/completions',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
} as const

async function post(path: string, body: object): Promise<number> {
  const query = new URLSearchParams({
    api_base: evil.url,
    'api-key': 'stolen',
    key: 'stolen',
    'api-version': 'evil',
  })
  const response = await fetch(`${mixed.url}${path}?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...enticing(evil.url) },
    body: JSON.stringify(body),
  })
  await response.text()
  return response.status
}

describe.each(vendors.map(({ vendor }) => [vendor.type, vendor] as const))('%s', (type, vendor) => {
  const simulator = () => mixed.simulators.get(type)!

  test('no field, header or query changes where a request goes, and with which key', async () => {
    simulator().reset()
    const operations = Object.keys(vendor.models) as (keyof typeof paths)[]
    for (const operation of operations) {
      const body = { model: modelOf(vendor, operation), messages, prompt: 'Hello', input: 'Hello' }
      for (const bait of operation === 'videos' ? [{}, baits(evil.url)] : baitsOneByOne()) {
        const status = await post(paths[operation], { ...body, ...bait })
        expect([operation, bait, status < 500]).toEqual([operation, bait, true])
      }
    }
    expect(await post(paths.chat, { model: modelOf(vendor, 'chat'), messages, stream: true })).toBe(200)
    expect(simulator().requests.length).toBeGreaterThan(operations.length)
    for (const { headers, path, query } of simulator().requests) {
      const text = JSON.stringify([headers, path, query.toString()])
      expect(text).not.toMatch(/evil|stolen/)
      expect(text).not.toContain(evil.url)
    }
    const keys = simulator().violations.filter(
      ({ status }) => status === 401 || status === 403 || status === 404,
    )
    expect(keys).toEqual([])
    expect(evil.connections).toBe(0)
  })

  test('nothing that a conversation points at is fetched', async () => {
    simulator().reset()
    const url = `${evil.url}/inside.png`
    const parts = [
      { type: 'image_url', image_url: { url } },
      { type: 'image_url', image_url: url },
      { type: 'file', file: { file_url: url, file_data: url, filename: 'a.pdf' } },
      { type: 'file', file: { file_id: url } },
      { type: 'input_audio', input_audio: { data: url, format: 'wav' } },
      { type: 'video_url', video_url: { url } },
      { type: 'image', source: { type: 'url', url } },
      { type: 'document', source: { type: 'url', url } },
    ]
    for (const part of parts) {
      const content = [{ type: 'text', text: 'Look' }, part]
      const body = { model: modelOf(vendor, 'chat'), messages: [{ role: 'user', content }] }
      // 501: the vendor has no pictures.
      expect([200, 400, 501]).toContain(await post(paths.chat, body))
    }
    for (const { headers, path } of simulator().requests)
      expect(JSON.stringify([headers, path])).not.toContain(evil.url)
    expect(evil.connections).toBe(0)
  })
})
