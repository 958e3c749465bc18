/** What a client has made of one chat stream. */
export interface Reading {
  readonly text: string
  readonly reasoning: string
  /** `arguments` as JSON text. */
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[]
  readonly finish: string | null
}
