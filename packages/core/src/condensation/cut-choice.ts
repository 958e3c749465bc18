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
  const { room, recent } = allowance
  const turn = stays.early.at(-1)
  if (turn !== undefined && turn.tokens <= room) {
    const most = Math.min(recent, room)
    return { rule: 'turns', stay: stays.early.find(({ tokens }) => tokens <= most) ?? turn }
  }
  for (const rule of rules)
    for (const ease of [allowance.ease, 1]) {
      const stay =
        rule === 'turns'
          ? undefined
          : candidates(stays, rule).find((each) => keeps(each, rule, { ...allowance, ease }))
      if (stay !== undefined) return { rule, stay }
    }
  return { rule: 'cut', stay: stays.last }
}

/** Tokens that the user's messages of the last turn may have where not all of them can stay. */
export function tailRoom({ within }: Allowance): number {
  return Math.max(0, Math.floor(within / 2))
}

/**
 * By which rule an earlier cut will do as well: none that is weaker than that of `choice`. Of an unknown room it cannot be said whether more
 * turns than the last would fit.
 */
export function ruleFor(stays: Stays, cut: number, choice: Choice, allowance: Allowance): Choice | undefined {
  for (const rule of rules.slice(0, rules.indexOf(choice.rule) + 1)) {
    if (rule === 'turns' && allowance.isGuess) continue
    const stay = candidates(stays, rule).find((each) => each.cut === cut)
    if (stay !== undefined && keeps(stay, rule, { ...allowance, ease: 1 })) return { rule, stay }
  }
  return undefined
}

function candidates({ early, within, inside }: Stays, rule: Rule): readonly Stay[] {
  if (rule === 'turns') return early
  if (rule === 'inside') return inside
  return rule === 'cut' ? [] : within
}

function keeps({ tokens, carriedTokens, isLess }: Stay, rule: Rule, allowance: Allowance): boolean {
  const { room, within, ease } = allowance
  if (rule === 'turns') return tokens <= room
  if (rule === 'inside') return tokens <= within * ease
  const groups = tokens - carriedTokens
  if (rule === 'within') return isLess && groups <= (within - carriedTokens) * ease
  const tail = tailRoom(allowance)
  return carriedTokens > tail && groups <= tail * ease
}
