import type { ProviderPlugin } from '../../packages/provider-kit/src/index.ts'
import anthropic from '../../providers/anthropic/src/index.ts'
import azureOpenai from '../../providers/azure-openai/src/index.ts'
import bedrock from '../../providers/bedrock/src/index.ts'
import blackbox from '../../providers/blackbox/src/index.ts'
import cohere from '../../providers/cohere/src/index.ts'
import deepseek from '../../providers/deepseek/src/index.ts'
import gemini from '../../providers/gemini/src/index.ts'
import grok from '../../providers/grok/src/index.ts'
import groq from '../../providers/groq/src/index.ts'
import mistral from '../../providers/mistral/src/index.ts'
import mock from '../../providers/mock/src/index.ts'
import ollama from '../../providers/ollama/src/index.ts'
import openai from '../../providers/openai/src/index.ts'
import openaiCompatible from '../../providers/openai-compatible/src/index.ts'
import openrouter from '../../providers/openrouter/src/index.ts'
import perplexity from '../../providers/perplexity/src/index.ts'

/** The plugins that the app brings along, as the documents list them. A test compares them with the folders of `providers/`. */
export const shippedPlugins = [
  openai,
  anthropic,
  perplexity,
  grok,
  blackbox,
  openrouter,
  cohere,
  azureOpenai,
  gemini,
  mistral,
  groq,
  deepseek,
  ollama,
  bedrock,
  openaiCompatible,
  mock,
] as unknown as readonly ProviderPlugin[]

/** The folder of a plugin below the root of the repository. */
export function folderOf({ type }: ProviderPlugin): string {
  return `providers/${type.replaceAll('_', '-')}`
}
