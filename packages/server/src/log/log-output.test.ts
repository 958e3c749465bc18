import { mkdtempSync, openSync, readFileSync } from 'node:fs'
import type { write as fsWrite } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LogOutput, type LogOutputOptions } from './log-output.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** An output that answers each write as `answers` say: so many bytes, everything, or an error. */
function output(answers: (number | string)[], options: Partial<LogOutputOptions> = {}) {
  let written = ''
  const complaints: string[] = []
  const calls: (() => void)[] = []
  const write = ((
    _descriptor: number,
    bytes: Buffer,
    done: (error: Error | null, written: number) => void,
  ) => {
    calls.push(() => {
      const answer = answers.shift() ?? bytes.length
      if (typeof answer === 'string') return done(Object.assign(new Error(answer), { code: answer }), 0)
      written += bytes.subarray(0, answer).toString()
      done(null, answer)
    })
  }) as unknown as typeof fsWrite
  const complain = (line: string) => void complaints.push(line)
  const log = new LogOutput(7, { name: 'log_file', complain, write, ...options })
  const flushed = { now: false }
  return {
    log,
    complaints,
    calls,
    flushed,
    written: () => written,
    flush: () => log.flush(() => (flushed.now = true)),
    /** Lets every write answer that is on its way, and those that follow. */
    answer: () => {
      for (let call = calls.shift(); call !== undefined; call = calls.shift()) call()
    },
  }
}

test('text is written in order, one write at a time, whatever each of them takes', () => {
  const { log, calls, flushed, written, flush, answer } = output([3, 1, 100])
  for (const text of ['first\n', 'second ä\n', 'third\n']) expect(log.write(text)).toBe(true)
  flush()
  expect([calls.length, flushed.now]).toEqual([1, false])
  answer()
  expect([written(), flushed.now]).toEqual(['first\nsecond ä\nthird\n', true])
})

test('a full disk loses nothing: it is complained of once, and tried again every second', () => {
  const { log, complaints, flushed, written, flush, answer } = output(['ENOSPC', 'ENOSPC', 3, 'ENOSPC'])
  log.write('first\n')
  answer()
  log.write('second\n')
  flush()
  expect([written(), complaints.length, flushed.now]).toEqual(['', 1, false])
  expect(complaints[0]).toMatch(/^log_file cannot be written \(ENOSPC\)/)
  for (const text of ['', 'fir', 'first\nsecond\n']) {
    vi.advanceTimersByTime(999)
    answer()
    expect(written()).not.toBe(text === '' ? 'fir' : text)
    vi.advanceTimersByTime(1)
    answer()
    expect(written()).toBe(text)
  }
  expect([complaints.length, flushed.now]).toEqual([2, true])
})

test('a reader that is slow is waited with, without a word', () => {
  const { log, complaints, written, answer } = output(['EAGAIN', 2, 'EAGAIN'])
  log.write('line\n')
  answer()
  vi.advanceTimersByTime(50)
  answer()
  vi.advanceTimersByTime(50)
  answer()
  expect([written(), complaints]).toEqual(['line\n', []])
})

test('a reader that has left is not written to any more', () => {
  const { log, complaints, calls, flushed, written, flush, answer } = output(['EPIPE'])
  log.write('first\n')
  log.write('second\n')
  flush()
  answer()
  expect([flushed.now, log.write('third\n'), calls.length, written(), complaints]).toEqual([
    true,
    false,
    0,
    '',
    [],
  ])
})

test('what waits is bounded: lines above that are lost, later ones are not', () => {
  const { log, written, answer } = output(['EAGAIN'], { pendingBytes: 8 })
  const taken = ['first\n', 'second\n', 'third\n'].map((text) => log.write(text))
  expect(taken).toEqual([true, true, false])
  answer()
  vi.advanceTimersByTime(50)
  answer()
  expect(log.write('fourth\n')).toBe(true)
  answer()
  expect(written()).toBe('first\nsecond\nfourth\n')
})

test('nothing waits at the end of the process without a listener, and no listener stays', () => {
  const before = process.listenerCount('exit')
  const { log, answer } = output([])
  log.write('line\n')
  log.write('line\n')
  expect(process.listenerCount('exit')).toBe(before + 1)
  answer()
  expect(process.listenerCount('exit')).toBe(before)
})

test('what still waits when the process ends is written then', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'llmproxy-output-')), 'log')
  const never = (() => undefined) as unknown as typeof fsWrite
  const log = new LogOutput(openSync(file, 'a'), { name: 'log', write: never })
  const before = process.listeners('exit')
  log.write('first\n')
  log.write('second\n')
  const lastWords = process.listeners('exit').find((listener) => !before.includes(listener))
  lastWords?.(0)
  expect(readFileSync(file, 'utf8')).toBe('first\nsecond\n')
})
