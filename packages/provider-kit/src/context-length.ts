/** Texts and codes that mean "the prompt does not fit the model". Vendors without a machine code say it only in prose. */
export const contextLengthPatterns: readonly RegExp[] = [
  /context[_ ]length[_ ]exceeded/i,
  /maximum context length/i,
  /context window/i,
  /context_?window_?exceeded/i,
  /prompt is too long/i,
  /exceed context limit/i,
  /request_too_large/i,
  /request exceeds the maximum size/i,
  /maximum prompt length is \d+/i,
  // With the colon: without it the words are also used for plain throttling.
  /too many tokens:/i,
  /too many input tokens/i,
  /length of all messages is too long/i,
  /input token count .{0,40}exceeds/i,
  /exceeds the maximum number of tokens allowed/i,
  /input is too long for (?:requested|this|the) model/i,
  /reduce the length of the (?:messages|prompt|input|either one)/i,
  /reduce your prompt/i,
  /exceeds the available context size/i,
  /exceed_context_size/i,
  /context size has been exceeded/i,
  /prompt has [\d,]+ tokens?, but the configured context size is/i,
  /(?:greater|longer) than the (?:model['’]s )?context length/i,
  /loaded with context length of only/i,
  /input length exceeds the context length/i,
  /prompt too long; exceeded (?:max )?context length/i,
  /is too long to fit into the model/i,
  /`inputs` tokens \+ `max_new_tokens` must be/i,
  /`inputs` must have less than/i,
  /range of input length should be/i,
  /exceeds the maximum allowed input length/i,
  /input tokens exceed the configured limit/i,
  /prompt token count of [\d,]+ exceeds the limit/i,
  /prompt exceeds max length/i,
  /tokens? in request more than max tokens? allowed/i,
  /exceeded model token limit/i,
  /token_limit_exceeded/i,
  /model_max_prompt_tokens_exceeded/i,
]

/** Texts that look alike and mean something else: throttling, an output cap, one field that is too long, a plan limit. */
export const otherLimitPatterns: readonly RegExp[] = [
  /throttl/i,
  /rate.?limit/i,
  /too many requests/i,
  /tokens per min/i,
  /\(TPM\)/i,
  /retry after/i,
  /please wait before trying again/i,
  /max tokens must be/i,
  /which is the maximum allowed number of output tokens/i,
  /string_above_max_length/i,
  /extra usage is required/i,
]

/**
 * Whether an error text (code, type and message together) says that the prompt is too long for the model.
 * Ask only for statuses 400, 413, 422, 500 and errors inside a 2xx: elsewhere the words may be an echo of the prompt.
 */
export function isContextLength(text: string): boolean {
  return matches(contextLengthPatterns, text) && !matches(otherLimitPatterns, text)
}

function matches(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text))
}
