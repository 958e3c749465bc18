import type { Worker } from 'node:cluster'
import { type LedgerDump, mergeLedgers, retiredDump, dumpLedger } from '@llmproxy/core'
import type { ConfigTexts } from '../cli/config-file.ts'
import { Channel } from './channel.ts'
import { kinds, type WorkerReport } from './messages.ts'

/** Milliseconds that a worker has to answer; one that is busier is told of as it was. */
const patienceMs = 1_000

/** A worker process that runs. */
export interface Member {
  readonly index: number
  readonly process: Worker
  readonly channel: Channel
  /** It serves, so it can take another configuration into use. */
  listens: boolean
  /** What it was told to begin with. */
  texts: ConfigTexts | undefined
  /** What it last said of itself. */
  report: WorkerReport | undefined
  /** Newer than the one in `report`, or all there is. */
  ledger: LedgerDump | undefined
}

/** The workers that run, and what those that have gone leave behind. */
export class Crew {
  readonly #members = new Map<number, Member>()
  #left: LedgerDump | undefined

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  add(index: number, process: Worker): Member {
    const channel = new Channel({
      send: (message) => {
        if (process.isConnected()) process.send(message, ignore)
      },
      onMessage: (listener) => void process.on('message', listener),
    })
    const unknown = { texts: undefined, report: undefined, ledger: undefined }
    const member: Member = { index, process, channel, listens: false, ...unknown }
    this.#members.set(index, member)
    channel.on(kinds.ledger, (ledger: LedgerDump) => {
      member.ledger = ledger
    })
    return member
  }

  /** The worker has ended. Its counters count on. */
  remove(member: Member): void {
    if (this.#members.get(member.index) === member) this.#members.delete(member.index)
    member.channel.close()
    if (member.ledger === undefined) return
    const left = retiredDump(member.ledger)
    this.#left = this.#left === undefined ? left : dumpLedger(mergeLedgers([this.#left, left]))
  }

  tell(kind: string, body: unknown, except?: Member): void {
    for (const member of this.#members.values()) if (member !== except) member.channel.tell(kind, body)
  }

  /** What every worker says of itself now, and the counters of those that are gone. */
  async reports(): Promise<{
    readonly reports: readonly WorkerReport[]
    readonly left: LedgerDump | undefined
  }> {
    const asked = this.members.map(async (member) => {
      const report = await member.channel.ask<WorkerReport>(kinds.report, undefined, patienceMs)
      if (report === undefined) return member.report
      member.report = report
      member.ledger = report.ledger
      return report
    })
    const reports = await Promise.all(asked)
    return { reports: reports.filter((report) => report !== undefined), left: this.#left }
  }
}

/** A worker that has just died cannot be told anything; its end is noticed elsewhere. */
function ignore(): void {}
