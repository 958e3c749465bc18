import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { Ingress, IngressBody } from '../ingress/ingress.ts'
import { condensedChat } from './condensed-chat.ts'
import { type Conversation, conversationOf } from './conversation.ts'
import { prefixDigests } from './digest.ts'
import type { Draft, FindSummary } from './draft.ts'
import { joinedSummary } from './joined-summary.ts'
import type { Measured } from './measure.ts'
import { keptRoom, type Plan, type PlanInput, planOf } from './plan.ts'
import { hasTools, planAhead } from './plan-ahead.ts'
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

/** A beginning of the conversation, and the name of its summary. */
interface Place {
  readonly cut: number
  readonly key: string
}

/** A conversation: its history becomes a summary. `undefined`: there is nothing that a summary could tell of. */
export async function chatDraft(ingress: Ingress, input: ChatDraftInput): Promise<Draft | undefined> {
  const { measured } = input
  const { caller, body } = ingress
  const conversation = conversationOf(body['messages'] as readonly unknown[])
  const { messages, cuts, system } = conversation
  if (messages.length === system.size) return undefined
  const digests = prefixDigests(caller, body.model, messages)
  const places = [messages.length, ...cuts.toReversed()].map((cut) => ({ cut, key: digests[cut]! }))
  const planned = planInput(conversation, input)
  const { plan, known } = await chosen(planned, places, { ...input, body })
  if (plan === undefined || (!plan.needsSummary && plan.known === undefined)) return undefined
  const base = plan.known && known
  return {
    key: digests[plan.cut]!,
    known: plan.needsSummary ? undefined : base?.summary,
    better: places.filter(({ cut }) => cut > (known?.cut ?? 0)).map(({ key }) => key),
    from: measured.total,
    write: () => written(conversation, plan, base),
    apply: (summary) => applied(ingress, { planned, plan, summary, measured }),
  }
}

/** The plan, and the summary that it builds on or rejects. `places`: those that tell of most first. */
async function chosen(
  planned: PlanInput,
  places: readonly Place[],
  input: ChatDraftInput & { readonly body: IngressBody },
): Promise<{ readonly plan: Plan | undefined; readonly known: Known | undefined }> {
  const { find, measured, ahead, body } = input
  const planWith = (known: Known | undefined) => {
    const given = withKnown(planned, known, measured.sizer)
    return ahead === undefined ? planOf(given) : planAhead(given, { limit: ahead, hasTools: hasTools(body) })
  }
  const known = await longestKnown(places, find)
  const plan = planWith(known)
  if (known === undefined || plan?.needsSummary !== true || known.cut <= plan.cut) return { plan, known }
  // It tells of a turn that stays whole, and is of no use; what tells of less may be known as well.
  const shorter = await longestKnown(
    places.filter(({ cut }) => cut <= plan.cut),
    find,
  )
  return { plan: planWith(shorter), known: shorter }
}

async function longestKnown(places: readonly Place[], find: FindSummary): Promise<Known | undefined> {
  const found = await find(places.map(({ key }) => key))
  return found && { cut: places.find(({ key }) => key === found.key)!.cut, summary: found.summary }
}

function planInput(conversation: Conversation, { measured, settings }: ChatDraftInput): PlanInput {
  const { sizer, fixed, room, window = 0 } = measured
  return {
    conversation,
    sizes: messageSizes(conversation.messages, sizer),
    fixed,
    room,
    summary: settings.max_tokens_default + toldTokens({ text: '', leftOut: muchLeftOut }, sizer),
    recent: Math.floor(window * settings.recent_share),
    known: [],
  }
}

function withKnown(planned: PlanInput, known: Known | undefined, sizer: Sizer): PlanInput {
  if (known === undefined) return planned
  return { ...planned, known: [{ cut: known.cut, tokens: toldTokens(known.summary, sizer) }] }
}

/** To the token: what is planned too small has to be cut out of the messages that stay. */
function toldTokens({ text, leftOut }: KnownSummary, sizer: Sizer): number {
  return sizer.tokens(summaryMessage(text, leftOut))
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
  const { ingress: condensed, summaryAt } = condensedChat(ingress, {
    conversation: planned.conversation,
    plan,
    summary: text,
    room: keptRoom(planned, plan, sizer.tokens(text)),
    sizer,
  })
  const to = fixed + chatTokens(condensed.body, sizer)
  return { ingress: condensed, joined: joinedSummary(condensed, summaryAt), to }
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
