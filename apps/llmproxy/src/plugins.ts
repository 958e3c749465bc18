import anthropic from '@llmproxy/provider-anthropic'
import azureOpenai from '@llmproxy/provider-azure-openai'
import bedrock from '@llmproxy/provider-bedrock'
import blackbox from '@llmproxy/provider-blackbox'
import cohere from '@llmproxy/provider-cohere'
import deepseek from '@llmproxy/provider-deepseek'
import gemini from '@llmproxy/provider-gemini'
import grok from '@llmproxy/provider-grok'
import groq from '@llmproxy/provider-groq'
import mistral from '@llmproxy/provider-mistral'
import mock from '@llmproxy/provider-mock'
import ollama from '@llmproxy/provider-ollama'
import openai from '@llmproxy/provider-openai'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import openrouter from '@llmproxy/provider-openrouter'
import perplexity from '@llmproxy/provider-perplexity'

/** Every provider that the app brings along, in the order in which it lists them. */
export const plugins = [
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
]
