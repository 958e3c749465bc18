import { type TokenNumbers, tokenNumbers } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import type { AttemptFault } from '../exchange/transfer.ts'
import type { GatewayLog } from '../gateway.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import type { RequestRun } from '../request-run.ts'
import { entryOf, type RouteTarget } from '../routing/route-target.ts'
import type { Serving } from '../serve.ts'
import type { Snapshot } from '../snapshot.ts'
import { chatTokens } from './chat-draft.ts'
import { Densities } from './densities.ts'
import { askedAnswer, type Measured, measure } from './measure.ts'
import { promptOf } from './prompt-text.ts'
import { Refusals } from './refusals.ts'
import { charSizer, type Sizer } from './sizer.ts'
import { Sizers } from './sizers.ts'
import { haveAttachments } from './sizes-of.ts'
import { Windows } from './windows.ts'

export interface MeasuresParts {
  readonly clock: Clock
  readonly log: GatewayLog
  readonly catalogue: () => ModelCatalogue
}

/** A request, and the deployment that it has to fit. */
export interface Measurable {
  readonly ingress: Ingress
  readonly target: RouteTarget
  /** With which it was refused; `undefined`: it was not asked. */
  readonly fault: AttemptFault | undefined
  /** The form in which it was refused, where that is not `ingress`. */
  readonly refused?: Ingress
  readonly serving: Pick<Serving, 'snapshot' | 'targets'>
}

/** How large requests are, and how large they may be: by what is configured, counted, and learnt from answers and errors. */
export class Measures {
  readonly #parts: MeasuresParts
  readonly #windows: Windows
  readonly #refusals: Refusals
  readonly #densities: Densities
  readonly #sizers: Sizers

  constructor(parts: MeasuresParts) {
    const { clock, log } = parts
    this.#parts = parts
    this.#windows = new Windows(clock)
    this.#refusals = new Refusals(clock)
    this.#densities = new Densities(clock)
    this.#sizers = new Sizers({
      clock,
      failed: (failure) => log.warn?.({ ...failure }, 'tokenizer not used'),
    })
  }

  configure({ config, live }: Snapshot): void {
    if (config.condensation?.enabled !== true) return
    for (const each of live.values()) {
      const models = each.config.models.map(entryOf).map(({ id, upstream }) => upstream ?? id)
      this.#sizers.prepare(
        each,
        models.filter((model) => !model.endsWith('*')),
      )
    }
  }

  /** Tokens; `undefined`: unknown. */
  windowOf({ live }: Snapshot, target: RouteTarget, caller: string): number | undefined {
    return this.#windows.windowOf(live.get(target.provider)!, { ...target, caller }, this.#parts.catalogue())
  }

  /** An error may name the window; else it says at least that the request, where its size can be told, is larger. `condensable`: that it can be made smaller. */
  learn({ ingress, target, fault, serving }: Measurable, condensable: boolean): void {
    const live = serving.snapshot.live.get(target.provider)!
    const asked = { ...target, caller: ingress.caller }
    const { limit, input } = (fault && tokenNumbers(fault.message)) ?? noNumbers
    if (input !== undefined && condensable) {
      const { factor } = this.of({ ingress, target, fault, serving })
      this.#densities.note(live, asked, factor)
    }
    if (limit !== undefined) this.#windows.learn(live, asked, limit)
    else if (condensable && !haveAttachments(messagesOf(ingress))) {
      const { total } = this.of({ ingress, target, fault: undefined, serving })
      this.#refusals.note(live, asked, total + askedAnswer(ingress.body))
    }
  }

  /** What an answer tells of its deployment's window. */
  answered({ ingress, attempts, usage }: RequestRun, { live }: Snapshot): void {
    const last = attempts.at(-1)
    if (usage === null || last === undefined) return
    const target = { upstreamModel: last.model, caller: ingress.caller }
    this.#windows.answered(live.get(last.provider)!, target, usage.input)
  }

  /** How large a request is, without its model's tokenizer: cheap enough for every request. */
  roughly(ingress: Ingress): number {
    return sizeOf(ingress, charSizer)
  }

  /** The same for one that is condensed before it is asked: as the last refusals have counted. */
  foreseen(request: Measurable): Measured {
    const { ingress, target, serving } = request
    const live = serving.snapshot.live.get(target.provider)!
    return this.of(request, this.#densities.of(live, { ...target, caller: ingress.caller }))
  }

  /** `density`: see `MeasureInput`. */
  of({ ingress, target, fault, refused, serving: { snapshot } }: Measurable, density = 1): Measured {
    const live = snapshot.live.get(target.provider)!
    return measure({
      body: ingress.body,
      sizeOf: (sizer) => sizeOf(ingress, sizer),
      window: this.windowOf(snapshot, target, ingress.caller),
      refused: fault && {
        numbers: tokenNumbers(fault.message) ?? noNumbers,
        smallest: this.#refusals.smallest(live, { ...target, caller: ingress.caller }),
        ...(refused && { sizeOf: (sizer: Sizer) => sizeOf(refused, sizer) }),
      },
      density,
      sizer: this.sizerOf(snapshot, target),
    })
  }

  /** The tokenizer of a model, or what stands in for it. */
  sizerOf({ live }: Snapshot, { provider, upstreamModel }: RouteTarget): Sizer {
    return this.#sizers.of(live.get(provider)!, upstreamModel)
  }
}

const noNumbers: TokenNumbers = {}

function messagesOf({ body }: Ingress): readonly unknown[] {
  const { messages } = body
  return Array.isArray(messages) ? messages : []
}

/** Tokens of the messages or the prompt of a request. */
export function sizeOf({ operation, body }: Ingress, sizer: Sizer): number {
  return operation === 'chat' ? chatTokens(body, sizer) : sizer.tokens(promptOf(body)!)
}
