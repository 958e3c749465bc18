/** Two tools, and what a program answers when they are called. `mock-tools-2` calls both at once. */
export const toolResults: Readonly<Record<string, string>> = {
  get_weather: 'sunny',
  get_time: 'noon',
}

/** The mock fills a schema with its smallest instance, so every call has the arguments {@link cityArguments}. */
export const cityParameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, enum: ['Rome'] } },
  required: ['city'],
  additionalProperties: false,
}

export const cityArguments = { city: 'Rome' }

/** The tools as members of a chat request. */
export const chatTools = Object.keys(toolResults).map((name) => ({
  type: 'function' as const,
  function: { name, description: `Tells ${name}`, parameters: cityParameters },
}))
