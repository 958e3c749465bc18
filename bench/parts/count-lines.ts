import { createReadStream } from 'node:fs'
import { join } from 'node:path'

const newLine = 10

/** Lines in the gateway's request log: proof that the measured gateway logged. */
export async function countLines(folder: string): Promise<number> {
  let lines = 0
  for await (const chunk of createReadStream(join(folder, 'requests.log'))) {
    const bytes = chunk as Buffer
    for (let at = bytes.indexOf(newLine); at !== -1; at = bytes.indexOf(newLine, at + 1)) lines++
  }
  return lines
}
