import { definePlugin, type ProviderPlugin } from '@llmproxy/provider-kit'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkPlugin } from './check.ts'
import { PluginNotFound } from './load.ts'
import { createRegistry } from './registry.ts'

const acme = (type = 'acme', aliases?: string[]): ProviderPlugin =>
  definePlugin({
    type,
    ...(aliases === undefined ? {} : { aliases }),
    options: z.strictObject({}),
    create: () => ({ baseUrl: 'http://127.0.0.1', operations: {}, authorize: () => ({}) }),
  })

describe('createRegistry', () => {
  it('finds compiled-in plugins by type and alias, `_` and `-` being the same', async () => {
    const plugin = acme('acme_cloud', ['ac-me'])
    const registry = createRegistry({ plugins: [plugin] })
    for (const type of ['acme_cloud', 'acme-cloud', 'ac_me', 'ac-me']) {
      expect(await registry.resolve(type)).toBe(plugin)
      expect(await registry.installed(type)).toBe(true)
    }
  })

  it('loads what is not compiled in, once', async () => {
    const calls: unknown[][] = []
    const load = async (...names: unknown[]) => {
      calls.push(names)
      return { default: acme() }
    }
    const registry = createRegistry({ plugins: [acme('other')], load })
    const [first, second] = await Promise.all([registry.resolve('acme'), registry.resolve('acme')])
    expect(first).toBe(second)
    expect(calls).toEqual([['acme', undefined]])
    await registry.resolve('acme', './acme.js')
    expect(calls[1]).toEqual(['acme', './acme.js'])
  })

  it('prefers `module:` to what is compiled in', async () => {
    const own = acme()
    const registry = createRegistry({ plugins: [acme()], load: async () => own })
    expect(await registry.resolve('acme', './own.js')).toBe(own)
  })

  it('tries again after a failure', async () => {
    let installed = false
    const load = async (type: string) => {
      if (!installed) throw new PluginNotFound(type)
      return acme()
    }
    const registry = createRegistry({ load })
    await expect(registry.resolve('acme')).rejects.toThrow('npm install @llmproxy/provider-acme')
    installed = true
    expect((await registry.resolve('acme')).type).toBe('acme')
  })

  it('says how to install what is missing', async () => {
    await expect(createRegistry({}).resolve('acme_cloud')).rejects.toThrow(
      'provider type "acme_cloud" is not installed: npm install @llmproxy/provider-acme-cloud, or llmproxy-provider-acme-cloud',
    )
    const where = 'config.yaml providers[2].type'
    expect(new PluginNotFound('acme', { where }).message).toBe(
      'provider type "acme" is not installed: npm install @llmproxy/provider-acme, or llmproxy-provider-acme (config.yaml providers[2].type)',
    )
    expect(new PluginNotFound('acme', { module: 'acme-llm' }).message).toBe(
      'module "acme-llm" is not installed: npm install acme-llm',
    )
    expect(new PluginNotFound('acme', { module: './acme.js' }).message).toBe(
      'module "./acme.js" does not exist',
    )
    expect(PluginNotFound.is(new PluginNotFound('acme'))).toBe(true)
  })

  it('refuses two plugins of one type', () => {
    expect(() => createRegistry({ plugins: [acme('a-b'), acme('c', ['a_b'])] })).toThrow(
      'two plugins are compiled in for provider type "a_b"',
    )
  })
})

describe('checkPlugin', () => {
  const plugin = { ...acme() }

  it('takes the plugin out of what a module exports', () => {
    for (const value of [plugin, { default: plugin }, { default: { default: plugin, __esModule: true } }]) {
      expect(checkPlugin(value, 'acme')).toBe(plugin)
    }
  })

  it('knows a plugin by its shape, not by its class', () => {
    const foreign = Object.assign(Object.create(null), plugin)
    expect(checkPlugin(foreign, 'acme')).toBe(foreign)
  })

  it.each([
    [
      undefined,
      'provider "acme": the package exports no plugin; its default export must be made by definePlugin()',
    ],
    [{}, 'provider "acme": the package\'s default export is not a plugin; it must be made by definePlugin()'],
    [
      { ...plugin, apiVersion: 2 },
      'provider "acme" speaks plugin API v2; this gateway speaks v1: update the gateway',
    ],
    [
      { ...plugin, apiVersion: 0 },
      'provider "acme" speaks plugin API v0; this gateway speaks v1: update the plugin',
    ],
    [
      { ...plugin, type: 'other' },
      'provider "acme": the package is a plugin for type "other"; write type: other',
    ],
    [{ ...plugin, type: undefined }, 'provider "acme": the plugin has no type'],
    [{ ...plugin, options: {} }, 'provider "acme": the plugin has no options schema (Standard Schema)'],
    [{ ...plugin, create: 5 }, 'provider "acme": the plugin has no create() function'],
  ])('refuses what is none (%#)', (value, message) => {
    expect(() => checkPlugin(value, 'acme')).toThrow(message)
  })
})
