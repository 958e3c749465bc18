/** Shapes of pictures by the quotient of their sides. */
const ratios: readonly (readonly [string, number])[] = [
  ['1:1', 1],
  ['4:3', 4 / 3],
  ['3:4', 3 / 4],
  ['3:2', 3 / 2],
  ['2:3', 2 / 3],
  ['16:9', 16 / 9],
  ['9:16', 9 / 16],
]

export interface Size {
  readonly width: number
  readonly height: number
}

/** Reads `1024x768`; `undefined` for anything else. */
export function sizeOf(text: unknown): Size | undefined {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(typeof text === 'string' ? text : '') ?? []
  const size = { width: Number(width), height: Number(height) }
  return size.width > 0 && size.height > 0 ? size : undefined
}

/** The aspect ratio that comes nearest to a size. */
export function nearestRatio({ width, height }: Size): string {
  const distance = (quotient: number) => Math.abs(Math.log(quotient) - Math.log(width / height))
  const [name] = ratios.reduce((best, each) => (distance(each[1]) < distance(best[1]) ? each : best))
  return name
}
