import type { JsonObject } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ingressOf } from '../../test/conversations.ts'
import { joinedSummary } from './joined-summary.ts'

const summary = { role: 'system', content: 'Told.' }
const user: JsonObject = { role: 'user', content: 'Go on.', name: 'Ada' }
const assistant: JsonObject = { role: 'assistant', content: 'Well.' }

function joined(messages: readonly JsonObject[], at: number) {
  const made = joinedSummary(ingressOf('chat', JSON.stringify({ model: 'm', messages, seed: 1 })), at)?.()
  expect(made === undefined ? undefined : JSON.parse(made.bytes.toString())).toEqual(made?.body)
  return made?.body['messages']
}

test.each(['system', 'developer'])('a summary goes to the end of the %s message in front of it', (role) => {
  const rules = { role, content: 'Be brief.', name: 'rules' }
  expect(joined([rules, summary, user, assistant], 1)).toEqual([
    { role, content: 'Be brief.\n\nTold.', name: 'rules' },
    user,
    assistant,
  ])
})

test('without one to the beginning of the message of the user behind it', () => {
  expect(joined([summary, user], 0)).toEqual([{ role: 'user', content: 'Told.\n\nGo on.', name: 'Ada' }])
})

test('parts stay parts', () => {
  const image = { type: 'image_url', image_url: { url: 'data:,a' } }
  const [told, parts] = [{ type: 'text', text: 'Told.' }, [{ type: 'text', text: 'See?' }, image]]
  expect(joined([summary, { role: 'user', content: parts }], 0)).toEqual([
    { role: 'user', content: [told, ...parts] },
  ])
  const rules = { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] }
  expect(joined([rules, summary, user], 1)).toEqual([
    { role: 'system', content: [...rules.content, told] },
    user,
  ])
})

test('nowhere, where there is neither', () => {
  expect(joined([summary, assistant], 0)).toBeUndefined()
  expect(joined([summary], 0)).toBeUndefined()
})
