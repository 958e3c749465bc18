import { describe, expect, test } from 'vitest'
import { ConfigWatch } from './config-watch.ts'
import type { Reading, Stamp } from './reading.ts'

const intervalMs = 2_000

/** A watch whose file, time and looks are moved by hand. `file`: the text, or the code of an error. */
function watched(file: { now: string | { code: string } } = { now: 'first' }) {
  const state = { time: 1_000_000, changedAt: 0, reads: 0, stamps: 0, interval: intervalMs }
  const told: (string | undefined)[] = []
  const pending: { at: number; run: () => void }[] = []
  let stamp = 'a'
  let hold: Promise<void> | undefined
  const reading = (): Reading => {
    state.reads += 1
    if (typeof file.now !== 'string')
      return { kind: 'unreadable', digest: file.now.code, path: 'x', code: file.now.code }
    return { kind: 'texts', digest: `#${file.now}`, texts: { config: file.now } }
  }
  const watch = new ConfigWatch({
    source: {
      stamp: () => {
        state.stamps += 1
        return Promise.resolve<Stamp>({ text: stamp, changedAt: state.changedAt })
      },
      read: () => Promise.resolve(reading()),
    },
    digest: '#first',
    intervalMs: () => state.interval,
    epoch: () => state.time,
    later: (milliseconds, run) => {
      const entry = { at: state.time + milliseconds, run }
      pending.push(entry)
      return () => void pending.splice(0, pending.length, ...pending.filter((each) => each !== entry))
    },
    async changed(found) {
      told.push(found.kind === 'texts' ? found.texts.config : found.code)
      await hold
    },
  })
  return {
    watch,
    state,
    told,
    pending,
    /** Writes the file, as far as the file system's clock tells. */
    write: (text: string | { code: string }) => {
      file.now = text
      state.changedAt = state.time
      stamp += '.'
    },
    /** Writes it without a trace: the same size, within one tick of the clock. */
    writeUnseen: (text: string) => {
      file.now = text
    },
    /** What a reload waits for. */
    hold: (until: Promise<void> | undefined) => {
      hold = until
    },
    pass: async (milliseconds: number) => {
      const end = state.time + milliseconds
      for (;;) {
        const due = pending.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        pending.splice(pending.indexOf(due), 1)
        state.time = due.at
        due.run()
        await settled()
      }
      state.time = end
    },
  }
}

/** Everything that is not waiting for time has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('a look', () => {
  test('reads nothing while the file system says that nothing has changed', async () => {
    const { state, told, pass } = watched()
    await pass(intervalMs)
    expect(state).toMatchObject({ stamps: 1, reads: 1 })
    await pass(10 * intervalMs)
    expect(state).toMatchObject({ stamps: 11, reads: 1 })
    expect(told).toEqual([])
  })

  test('reads a file again that was changed a moment ago: another change may not show', async () => {
    const { state, write, writeUnseen, told, pass } = watched()
    state.interval = 1_000
    await pass(intervalMs)
    write('second')
    await pass(1_250)
    expect(told).toEqual(['second'])
    writeUnseen('third')
    await pass(2_000)
    expect(told).toEqual(['second', 'third'])
  })

  test('tells of a change when the next one, a little later, has found the same', async () => {
    const { write, told, pass, state } = watched()
    await pass(intervalMs)
    write('second')
    await pass(intervalMs + 249)
    expect(told).toEqual([])
    await pass(1)
    expect(told).toEqual(['second'])
    await pass(10 * intervalMs)
    expect(told).toEqual(['second'])
    expect(state.reads).toBeLessThan(7)
  })

  test('waits for a file that is being written', async () => {
    const { write, told, pass } = watched()
    await pass(intervalMs)
    for (const part of ['s', 'se', 'sec', 'seco']) {
      write(part)
      await pass(250)
    }
    write('second')
    await pass(intervalMs)
    expect(told).toEqual(['second'])
  })

  test('says nothing of a change that was taken back, and nothing of the same bytes under another name', async () => {
    const { write, told, pass } = watched()
    await pass(intervalMs)
    write('second')
    await pass(intervalMs)
    write('first')
    await pass(4 * intervalMs)
    write('first')
    await pass(4 * intervalMs)
    expect(told).toEqual([])
  })

  test('gives a file that is not there a whole interval to come back', async () => {
    const { write, told, pass } = watched()
    await pass(intervalMs)
    write({ code: 'ENOENT' })
    await pass(intervalMs)
    write('second')
    await pass(intervalMs + 250)
    expect(told).toEqual(['second'])
    write({ code: 'EACCES' })
    await pass(intervalMs)
    expect(told).toEqual(['second'])
    await pass(20 * intervalMs)
    expect(told).toEqual(['second', 'EACCES'])
    write('second')
    await pass(2 * intervalMs)
    expect(told).toEqual(['second', 'EACCES', 'second'])
  })
})

describe('a look that is asked for', () => {
  test('is taken at once, and tells what is there even if nothing has changed', async () => {
    const { watch, told, write } = watched()
    await watch.now()
    write('second')
    await watch.now()
    await watch.now()
    expect(told).toEqual(['first', 'second', 'second'])
  })

  test('is all there is when the interval is 0, until a reload sets another', async () => {
    const { watch, told, write, state, pending, pass } = watched()
    state.interval = 0
    await watch.now()
    expect(pending).toEqual([])
    write('second')
    await pass(100 * intervalMs)
    expect(told).toEqual(['first'])
    state.interval = intervalMs
    await watch.now()
    write('third')
    await pass(2 * intervalMs)
    expect(told).toEqual(['first', 'second', 'third'])
  })

  test('is taken once for all who ask before it has begun', async () => {
    const { watch, told, hold } = watched()
    let release = () => {}
    hold(new Promise((resolve) => (release = resolve)))
    const first = watch.now()
    await settled()
    const later = [watch.now(), watch.now(), watch.now()]
    release()
    await Promise.all([first, ...later])
    expect(told).toEqual(['first', 'first'])
  })
})

test('a change during a reload is not lost, and the two do not overlap', async () => {
  const { watch, told, write, hold, pass, pending } = watched()
  let release = () => {}
  hold(new Promise((resolve) => (release = resolve)))
  write('second')
  const first = watch.now()
  await settled()
  write('third')
  expect(pending).toEqual([])
  await pass(10 * intervalMs)
  expect(told).toEqual(['second'])
  hold(undefined)
  release()
  await first
  await pass(2 * intervalMs)
  expect(told).toEqual(['second', 'third'])
})

test('a watch that is closed looks no more, and leaves no timer', async () => {
  const { watch, told, write, pending, pass } = watched()
  await pass(intervalMs)
  watch.close()
  expect(pending).toEqual([])
  write('second')
  await Promise.all([watch.now(), pass(10 * intervalMs)])
  expect(told).toEqual([])
  expect(pending).toEqual([])
})
