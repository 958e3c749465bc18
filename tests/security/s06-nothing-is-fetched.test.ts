import { expect, test } from 'vitest'
import { fakeUpstream, healthy, send } from '../reliability/support.ts'
import { mixedGateway, modelOf } from '../vendors/support/mixed-gateway.ts'
import { vendors } from '../vendors/support/vendors.ts'

/** Every place in a chat request where some API takes a URL. */
function chatBody(model: string, url: string): object {
  const content = [
    { type: 'text', text: `look at ${url}/text` },
    { type: 'image_url', image_url: { url: `${url}/image.png`, detail: 'high' } },
  ]
  return { model, messages: [{ role: 'user', content }] }
}

const imageBody = (model: string, url: string) => ({
  model,
  prompt: `${url}/prompt.png`,
  image: `${url}/image.png`,
  image_url: `${url}/image.png`,
})

const videoBody = (model: string, url: string) => ({
  model,
  prompt: `${url}/prompt.png`,
  image_url: `${url}/image.png`,
  input_reference: `${url}/image.png`,
  webhook_url: `${url}/hook`,
})

const embeddingsBody = (model: string, url: string) => ({ model, input: `${url}/text` })

const requests = {
  chat: ['/v1/chat/completions', chatBody],
  images: ['/v1/images/generations', imageBody],
  videos: ['/v1/videos/generations', videoBody],
  embeddings: ['/v1/embeddings', embeddingsBody],
} as const

test('no URL in a body is ever fetched by the gateway, whatever the vendor makes of it', async () => {
  const inside = await fakeUpstream(healthy('secret'))
  await using gateway = await mixedGateway()
  const answers = await Promise.all(
    vendors.flatMap(({ vendor }) =>
      (Object.keys(requests) as (keyof typeof requests)[])
        .filter((operation) => vendor.models[operation] !== undefined)
        .map(async (operation) => {
          const [path, body] = requests[operation]
          const asked = { body: body(modelOf(vendor, operation), inside.url) }
          const { status, text } = await send(gateway.url, path, asked)
          expect(text).not.toContain('secret')
          const told = status === 200 || (status >= 400 && status < 500) || status === 501
          return `${vendor.type} ${operation} ${told ? 'told' : status}`
        }),
    ),
  )
  expect(answers.filter((each) => !each.endsWith('told'))).toEqual([])
  expect(answers.length).toBeGreaterThan(vendors.length)
  expect(inside.connections).toBe(0)
})
