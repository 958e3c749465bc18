import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { Ingress, IngressBody } from '../ingress/ingress.ts'
import { condensedChat } from './condensed-chat.ts'
import { type Conversation, conversationOf } from './conversation.ts'
import { prefixDigests } from './digest.ts'
import type { Draft, FindSummary } from './draft.ts'
import type { Measured } from './measure.ts'
import { keptRoom, type Plan, type PlanInput, planOf } from './plan.ts'
import { summaryMessage } from './prompt.ts'
import type { Sizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'
import type { Written } from './summaries.ts'
import type { KnownSummary } from './summary-cache.ts'
import { transcriptOf } from './transcript.ts'

/** What a summary may have to say of things that it cannot tell of: no longer than it will be. */
const muchLeftOut = { image: 100, audio: 100, file: 100, reasoning: 100 }

export interface ChatDraftInput {
  readonly measured: Measured
  readonly settings: CondensationConfig
  readonly find: FindSummary
  /** For the next request of the conversation, unless there is a known summary with which this one has less tokens than that. */
  readonly ahead: number | undefined
}

/** What is known of the conversation, and where. */
interface Known {
  readonly cut: number
  readonly summary: KnownSummary
}

/** A conversation: its history becomes a summary. `undefined`: there is nothing that a summary could tell of. */
export async function chatDraft(ingress: Ingress, input: ChatDraftInput): Promise<Draft | undefined> {
  const { measured, find } = input
  const { caller, body } = ingress
  const conversation = conversationOf(body['messages'] as readonly unknown[])
  const { messages, cuts, system } = conversation
  if (messages.length === system.size) return undefined
  const digests = prefixDigests(caller, body.model, messages)
  const places = [...cuts, messages.length]
  const keys = places.map((cut) => digests[cut]!).toReversed()
  const found = await find(keys)
  const known = found && {
    cut: places.findLast((cut) => digests[cut] === found.key)!,
    summary: found.summary,
  }
  const planned = planInput(conversation, known, input)
  const plan = input.ahead === undefined ? planOf(planned) : planAhead(planned, known, input.ahead)
  if (plan === undefined || (!plan.needsSummary && plan.known === undefined)) return undefined
  const base = plan.known !== undefined && known !== undefined ? known : undefined
  return {
    key: digests[plan.cut]!,
    known: plan.needsSummary ? undefined : base?.summary,
    better: found === undefined ? keys : keys.slice(0, keys.indexOf(found.key)),
    from: measured.total,
    write: () => written(conversation, plan, base),
    apply: (summary) => applied(ingress, { planned, plan, summary, measured }),
  }
}

function planInput(
  conversation: Conversation,
  known: Known | undefined,
  { measured, settings }: ChatDraftInput,
): PlanInput {
  const { sizer, fixed, room, window = 0 } = measured
  // To the token: what is planned too small has to be cut out of the messages that stay.
  const told = ({ text, leftOut }: KnownSummary) => sizer.tokens(summaryMessage(text, leftOut))
  return {
    conversation,
    sizes: messageSizes(conversation.messages, sizer),
    fixed,
    room,
    summary: settings.max_tokens_default + told({ text: '', leftOut: muchLeftOut }),
    recent: Math.floor(window * settings.recent_share),
    known: known === undefined ? [] : [{ cut: known.cut, tokens: told(known.summary) }],
  }
}

/** Everything that was said so far will be history when the next request comes. */
function planAhead(planned: PlanInput, known: Known | undefined, limit: number): Plan | undefined {
  const { conversation, sizes, fixed, recent } = planned
  const cut = conversation.messages.length
  const [prefix] = planned.known
  if (prefix !== undefined) {
    let size = fixed + prefix.tokens
    for (const [index, own] of sizes.entries())
      if (index >= prefix.cut || conversation.system.has(index)) size += own
    if (size < limit) return undefined
  }
  const ahead =
    recent > 0 ? planOf(planned) : { cut, needsSummary: true, carried: [], fits: 'unknown' as const }
  return known === undefined || known.cut >= ahead.cut ? ahead : { ...ahead, known: prefix! }
}

/** What the new summary is made of: what no known one tells of. */
function written({ messages, system }: Conversation, { cut }: Plan, known: Known | undefined): Written {
  const from = known === undefined || known.cut >= cut ? 0 : known.cut
  const told = messages.slice(from, cut).filter((_, index) => !system.has(from + index))
  const { text, leftOut } = transcriptOf(told)
  const before = from === 0 ? undefined : known!.summary
  return { before: before?.text, transcript: text, leftOut: sum(before?.leftOut ?? {}, leftOut) }
}

interface Applied {
  readonly planned: PlanInput
  readonly plan: Plan
  readonly summary: KnownSummary
  readonly measured: Measured
}

function applied(ingress: Ingress, { planned, plan, summary, measured }: Applied) {
  const { sizer, fixed } = measured
  const text = summaryMessage(summary.text, summary.leftOut)
  const condensed = condensedChat(ingress, {
    conversation: planned.conversation,
    plan,
    summary: text,
    room: keptRoom(planned, plan, sizer.tokens(text)),
    sizer,
  })
  return { ingress: condensed, to: fixed + chatTokens(condensed.body, sizer) }
}

function sum(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const all: Record<string, number> = { ...left }
  for (const [name, count] of Object.entries(right)) all[name] = (all[name] ?? 0) + count
  return all
}

/** Tokens of the messages of a request. */
export function chatTokens(body: IngressBody, sizer: Sizer): number {
  return messageSizes(body['messages'] as readonly unknown[], sizer).reduce((all, size) => all + size, 0)
}
