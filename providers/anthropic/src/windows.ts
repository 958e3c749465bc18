import { modelWindows } from '@llmproxy/provider-kit'

const listed = modelWindows({ members: ['max_input_tokens'] })
const date = /-20\d{6}$/

/** The windows of the list. Clients often name a model without its date: the newest of that name, which the list has first. */
export function windows(body: unknown): Readonly<Record<string, number>> {
  const dated = Object.entries(listed(body))
  const dateless = dated.filter(([id]) => date.test(id)).map(([id, window]) => [id.replace(date, ''), window])
  return Object.fromEntries([...dateless.toReversed(), ...dated]) as Record<string, number>
}
