/** Models that think before they answer: they take `reasoning_effort`, and may begin their answer with a `<think>` block. */
export function isReasoningModel(model: string): boolean {
  return /reasoning|deep-research|^r1-/.test(model)
}
