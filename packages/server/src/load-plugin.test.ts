import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PluginNotFound } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { conditionsOf, findPlugin, pluginLoader } from './load-plugin.ts'

/** Folders with files in them, beside each other. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'llmproxy-plugins-')))
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return root
}

function loaderFor(root: string, folders = ['site', 'app']) {
  return { from: folders.map((folder) => pathToFileURL(join(root, folder, 'config.yaml')).href) }
}

const manifest = (name: string, version: string) =>
  JSON.stringify({ name, version, type: 'module', exports: { '.': { default: './index.js' } } })

const plugin = (mark: string) => `export default { mark: ${JSON.stringify(mark)} }`

const files = {
  'site/node_modules/@llmproxy/provider-acme/package.json': manifest('@llmproxy/provider-acme', '1.2.3'),
  'site/node_modules/@llmproxy/provider-acme/index.js': plugin('site acme'),
  'app/node_modules/@llmproxy/provider-acme/package.json': manifest('@llmproxy/provider-acme', '1.0.0'),
  'app/node_modules/@llmproxy/provider-acme/index.js': plugin('app acme'),
  'app/node_modules/llmproxy-provider-two-words/package.json': manifest(
    'llmproxy-provider-two-words',
    '0.1.0',
  ),
  'app/node_modules/llmproxy-provider-two-words/index.js': plugin('two words'),
  'site/node_modules/somebody/package.json': manifest('somebody', '9.0.0'),
  'site/node_modules/somebody/index.js': plugin('somebody'),
  'site/plugins/own.js': plugin('own file'),
  'site/plugins/broken.js': 'throw new Error("the inside is broken\\nsecond line")',
}

test('a package of the configuration’s folder comes before one of the app', async () => {
  const load = pluginLoader(loaderFor(tree(files)))
  expect(await load('acme')).toMatchObject({ default: { mark: 'site acme' } })
})

test('a community package is found by its name, with _ as -, also from the app’s folder', async () => {
  const load = pluginLoader(loaderFor(tree(files)))
  expect(await load('two_words')).toMatchObject({ default: { mark: 'two words' } })
})

test('module names a package, a file beside the configuration, or a file by its full path', async () => {
  const root = tree(files)
  const load = pluginLoader(loaderFor(root))
  expect(await load('x', 'somebody')).toMatchObject({ default: { mark: 'somebody' } })
  expect(await load('x', './plugins/own.js')).toMatchObject({ default: { mark: 'own file' } })
  expect(await load('x', join(root, 'site/plugins/own.js'))).toMatchObject({ default: { mark: 'own file' } })
})

test('a file beside the configuration is not looked for beside the app', async () => {
  const load = pluginLoader(loaderFor(tree(files), ['app', 'site']))
  await expect(load('x', './plugins/own.js')).rejects.toThrow('module "./plugins/own.js" does not exist')
})

test('what is not installed is PluginNotFound with the command that installs it', async () => {
  const load = pluginLoader(loaderFor(tree(files)))
  const error: unknown = await load('nothing_here').catch((thrown: unknown) => thrown)
  expect(PluginNotFound.is(error)).toBe(true)
  expect(error).toMatchObject({
    message:
      'provider type "nothing_here" is not installed: npm install @llmproxy/provider-nothing-here, or llmproxy-provider-nothing-here',
  })
  await expect(load('x', 'absent-package')).rejects.toThrow('npm install absent-package')
})

test('a module that throws is named, on one line', async () => {
  const root = tree(files)
  const load = pluginLoader(loaderFor(root))
  await expect(load('x', './plugins/broken.js')).rejects.toThrow(
    new Error(`${join(root, 'site/plugins/broken.js')} cannot be loaded: the inside is broken`),
  )
})

test.each(['node:fs', 'data:text/javascript,export default 1', 'https://evil.example/x.js'])(
  'a module that is neither file nor package is refused: %s',
  async (module) => {
    const load = pluginLoader(loaderFor(tree(files)))
    await expect(load('x', module)).rejects.toThrow('is not a file or a package')
  },
)

test('installed says so without running anything', () => {
  const load = pluginLoader(loaderFor(tree(files)))
  expect(load.installed?.('acme')).toBe(true)
  expect(load.installed?.('x', './plugins/broken.js')).toBe(true)
  expect(load.installed?.('nothing')).toBe(false)
})

test('the version of what is installed is known', () => {
  expect(findPlugin('acme', undefined, loaderFor(tree(files)))).toMatchObject({
    name: '@llmproxy/provider-acme',
    version: '1.2.3',
  })
})

test('the conditions that Node was started with are followed', () => {
  expect(conditionsOf(['--conditions=a', '-C', 'b', '--conditions', 'c', '--inspect'])).toEqual([
    'a',
    'b',
    'c',
  ])
})
