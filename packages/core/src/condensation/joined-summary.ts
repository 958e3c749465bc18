import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import type { Ingress } from '../ingress/ingress.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import { isSystem } from './conversation.ts'
import { withMessages } from './with-messages.ts'

/** What is learnt belongs to it. */
type Asked = Pick<RouteTarget, 'upstreamModel'>

/** Deployments that are remembered; the names of models may come from clients. */
const mostDeployments = 1_000

/**
 * The request with its summary, which stands at `at` in a message of its own, in the system message in front of it, else in the user's
 * message behind it. The templates of some models take no second system message, or none at all. `undefined`: there is neither.
 */
export function joinedSummary(ingress: Ingress, at: number): (() => Ingress) | undefined {
  const messages = ingress.body['messages'] as readonly unknown[]
  const [before, summary, after] = [messages[at - 1], messages[at] as JsonObject, messages[at + 1]]
  const text = summary['content'] as string
  const others = [...messages.keys()].filter((index) => index !== at)
  const inPlaceOf = (host: number, joined: JsonObject) => () =>
    withMessages(
      ingress,
      others.map((index) => (index === host ? joined : index)),
    )
  if (isObject(before) && isSystem(before))
    return inPlaceOf(at - 1, joined(before, [before['content'], text]))
  if (isObject(after) && after['role'] === 'user')
    return inPlaceOf(at + 1, joined(after, [text, after['content']]))
  return undefined
}

function joined(message: JsonObject, contents: readonly unknown[]): JsonObject {
  if (contents.every((content) => typeof content === 'string'))
    return { ...message, content: contents.join('\n\n') }
  const parts = contents.flatMap((content) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : Array.isArray(content) ? content : [],
  )
  return { ...message, content: parts }
}

/** The deployments that have taken a summary only where it was joined with another message. */
export class JoinedSummaries {
  readonly #known = new Set<string>()

  has(live: LiveProvider, target: Asked): boolean {
    return this.#known.size > 0 && this.#known.has(keyOf(live, target))
  }

  note(live: LiveProvider, target: Asked): void {
    if (this.#known.size >= mostDeployments) this.#known.clear()
    this.#known.add(keyOf(live, target))
  }
}

function keyOf({ name, identity }: LiveProvider, { upstreamModel }: Asked): string {
  return JSON.stringify([name, identity, upstreamModel])
}
