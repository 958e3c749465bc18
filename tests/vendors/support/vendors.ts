import type { ProviderPlugin } from '@llmproxy/provider-kit'
import type { SimulatedVendor } from '@llmproxy/provider-kit/testing'
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
import ollama from '@llmproxy/provider-ollama'
import openai from '@llmproxy/provider-openai'
import openrouter from '@llmproxy/provider-openrouter'
import perplexity from '@llmproxy/provider-perplexity'
import { vendor as anthropicVendor } from '../../../providers/anthropic/test/simulator.ts'
import { vendor as azureOpenaiVendor } from '../../../providers/azure-openai/test/simulator.ts'
import { vendor as bedrockVendor } from '../../../providers/bedrock/test/simulator.ts'
import { vendor as blackboxVendor } from '../../../providers/blackbox/test/simulator.ts'
import { vendor as cohereVendor } from '../../../providers/cohere/test/simulator.ts'
import { vendor as deepseekVendor } from '../../../providers/deepseek/test/simulator.ts'
import { vendor as geminiVendor } from '../../../providers/gemini/test/simulator.ts'
import { vendor as grokVendor } from '../../../providers/grok/test/simulator.ts'
import { vendor as groqVendor } from '../../../providers/groq/test/simulator.ts'
import { vendor as mistralVendor } from '../../../providers/mistral/test/simulator.ts'
import { vendor as ollamaVendor } from '../../../providers/ollama/test/simulator.ts'
import { vendor as openaiVendor } from '../../../providers/openai/test/simulator.ts'
import { vendor as openrouterVendor } from '../../../providers/openrouter/test/simulator.ts'
import { vendor as perplexityVendor } from '../../../providers/perplexity/test/simulator.ts'

/** Every vendor with a plugin of ours: the plugin, and the loopback server that plays the vendor strictly. */
export const vendors: readonly { readonly plugin: ProviderPlugin; readonly vendor: SimulatedVendor }[] = (
  [
    [openai, openaiVendor],
    [anthropic, anthropicVendor],
    [perplexity, perplexityVendor],
    [grok, grokVendor],
    [blackbox, blackboxVendor],
    [openrouter, openrouterVendor],
    [cohere, cohereVendor],
    [azureOpenai, azureOpenaiVendor],
    [gemini, geminiVendor],
    [mistral, mistralVendor],
    [groq, groqVendor],
    [deepseek, deepseekVendor],
    [ollama, ollamaVendor],
    [bedrock, bedrockVendor],
  ] as const
).map(([plugin, vendor]) => ({ plugin: plugin as unknown as ProviderPlugin, vendor }))

export const types: readonly string[] = vendors.map(({ vendor }) => vendor.type)
