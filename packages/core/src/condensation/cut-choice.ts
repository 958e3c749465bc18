import type { Allowance } from './allowance.ts'
import type { Stay, Stays } from './stays.ts'

/**
 * Which rule holds what stays together, the best first. `turns`: whole turns stay. `within`: of the last turn, what the user said and
 * the latest groups of calls and results. `tail`: the same, but of what the user said only the end. `inside`: the latest of
 * several user messages in a row. `cut`: the last group is too large, so that its texts have to be cut.
 */
const rules = ['turns', 'within', 'tail', 'inside', 'cut'] as const
export type Rule = (typeof rules)[number]

export interface Choice {
  readonly rule: Rule
  /** `undefined`: the conversation is one group. */
  readonly stay: Stay | undefined
}

/** Where a conversation is best cut. */
export function chooseCut(stays: Stays, allowance: Allowance): Choice {
  const most = Math.min(allowance.recent, allowance.room)
  const turns = stays.early.filter((stay) => keeps(stay, 'turns', allowance))
  // The last turn alone may be more than `recent`; what does not have it whole is no turn.
  const turn = turns.at(-1)
  if (turn !== undefined && turn === stays.early.findLast(({ isLess }) => isLess))
    return { rule: 'turns', stay: turns.find(({ tokens }) => tokens <= most) ?? turn }
  for (const rule of ['within', 'tail', 'inside'] as const)
    for (const ease of [allowance.ease, 1]) {
      const stay = candidates(stays, rule).find((each) => keeps(each, rule, { ...allowance, ease }))
      if (stay !== undefined) return { rule, stay }
    }
  return { rule: 'cut', stay: stays.last }
}

/** Tokens that the user's messages in front of what stays may have where not all of them can stay. */
export function tailRoom({ within }: Allowance): number {
  return Math.max(0, Math.floor(within / 2))
}

/**
 * By which rule an earlier cut will do as well. Before the last turn it is better than a later one even when what the user said there
 * loses its beginning: by the later cut all of it would be gone; of an unknown room it cannot be said. In the last turn, no rule will
 * do that is weaker than that of `choice`.
 */
export function ruleFor(stays: Stays, cut: number, choice: Choice, allowance: Allowance): Choice | undefined {
  const isEarly = stays.early.some((each) => each.cut === cut)
  if (isEarly && allowance.isGuess) return undefined
  const possible = isEarly ? (['turns', 'tail'] as const) : rules.slice(1, rules.indexOf(choice.rule) + 1)
  for (const rule of possible) {
    const stay = (isEarly ? stays.early : candidates(stays, rule)).find((each) => each.cut === cut)
    if (stay !== undefined && keeps(stay, rule, { ...allowance, ease: 1 })) return { rule, stay }
  }
  return undefined
}

function candidates({ within, inside }: Stays, rule: Rule): readonly Stay[] {
  if (rule === 'within' || rule === 'tail') return within
  return rule === 'inside' ? inside : []
}

function keeps({ tokens, carriedTokens, isLess }: Stay, rule: Rule, allowance: Allowance): boolean {
  const { room, within, ease } = allowance
  if (rule === 'turns') return isLess && tokens <= room
  if (rule === 'inside') return tokens <= within * ease
  const groups = tokens - carriedTokens
  if (rule === 'within') return isLess && groups <= (within - carriedTokens) * ease
  const tail = tailRoom(allowance)
  return carriedTokens > tail && groups <= tail * ease
}
