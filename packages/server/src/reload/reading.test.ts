import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configSource } from './reading.ts'

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'llmproxy-reading-'))
}

function inFolder(config = 'port: 1\n') {
  const path = join(folder(), 'config.yaml')
  writeFileSync(path, config)
  return { path, dotEnv: join(path, '..', '.env'), source: configSource(path) }
}

describe('the stamp changes', () => {
  const changes: readonly [string, (path: string) => void][] = [
    [
      'when the file is replaced by renaming',
      (path) => {
        writeFileSync(`${path}.new`, 'port: 1\n')
        renameSync(`${path}.new`, path)
      },
    ],
    ['when it is written in place', (path) => writeFileSync(path, 'port: 22\n')],
    [
      'when it is written in place with the same size, and its time set back',
      (path) => {
        writeFileSync(path, 'port: 2\n')
        utimesSync(path, 1, 1)
      },
    ],
    ['when it goes', (path) => rmSync(path)],
    ['when a .env comes', (path) => writeFileSync(join(path, '..', '.env'), 'A=1')],
  ]
  test.each(changes)('%s', async (_, change) => {
    const { path, source } = inFolder()
    utimesSync(path, 1, 1)
    const before = await source.stamp()
    change(path)
    expect((await source.stamp()).text).not.toBe(before.text)
  })

  test('when a link above it is pointed elsewhere, as ConfigMaps are', async () => {
    const root = folder()
    for (const version of ['1', '2']) {
      mkdirSync(join(root, `..${version}`))
      writeFileSync(join(root, `..${version}`, 'config.yaml'), 'port: 1\n')
    }
    symlinkSync('..1', join(root, '..data'))
    symlinkSync('..data/config.yaml', join(root, 'config.yaml'))
    const source = configSource(join(root, 'config.yaml'))
    const [stamp, { digest }] = [await source.stamp(), await source.read()]
    symlinkSync('..2', join(root, '..data_tmp'))
    renameSync(join(root, '..data_tmp'), join(root, '..data'))
    expect((await source.stamp()).text).not.toBe(stamp.text)
    expect((await source.read()).digest).toBe(digest)
  })
})

test('the stamp of files that nobody touches stays, and says when they were changed', async () => {
  const { source } = inFolder()
  const before = await source.stamp()
  await source.read()
  expect(await source.stamp()).toEqual(before)
  expect(Math.abs(before.changedAt - Date.now())).toBeLessThan(5_000)
})

describe('a reading', () => {
  test('has the texts of both files, and a digest of them', async () => {
    const { source, dotEnv } = inFolder('port: 1\n')
    const alone = await source.read()
    expect(alone).toMatchObject({ kind: 'texts', texts: { config: 'port: 1\n' } })
    writeFileSync(dotEnv, '')
    const empty = await source.read()
    writeFileSync(dotEnv, 'A=1')
    const both = await source.read()
    expect(both).toMatchObject({ kind: 'texts', texts: { config: 'port: 1\n', dotEnv: 'A=1' } })
    expect(new Set([alone.digest, empty.digest, both.digest]).size).toBe(3)
    expect((await source.read()).digest).toBe(both.digest)
  })

  test('tells of a file that cannot be read, and of a .env that cannot', async () => {
    const { path, dotEnv, source } = inFolder()
    mkdirSync(dotEnv)
    expect(await source.read()).toMatchObject({ kind: 'unreadable', path: dotEnv, code: 'EISDIR' })
    rmSync(path)
    expect(await source.read()).toMatchObject({ kind: 'unreadable', path, code: 'ENOENT' })
  })

  test('is not made of a file that is longer than any configuration', async () => {
    const { path, source } = inFolder(`port: 1${' '.repeat(1024 * 1024 - 7)}`)
    expect(await source.read()).toMatchObject({ kind: 'texts' })
    writeFileSync(path, ' '.repeat(1024 * 1024 + 1))
    expect(await source.read()).toMatchObject({ kind: 'unreadable', path, code: 'larger than 1 MiB' })
  })

  // Neither exists in the file system of Windows.
  const endless: readonly [string, (path: string) => void][] = [
    ['a pipe that nobody writes to', (path) => execFileSync('mkfifo', [path])],
    ['a device without an end', (path) => symlinkSync('/dev/zero', path)],
  ]
  test.skipIf(process.platform === 'win32').each(endless)('does not wait for %s', async (_, make) => {
    const { path, source } = inFolder()
    rmSync(path)
    make(path)
    expect(await source.read()).toMatchObject({ kind: 'unreadable', path, code: 'not a regular file' })
  })
})
