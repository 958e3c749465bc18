/** A vector as `encoding_format: "base64"` has it: base64 of little-endian 32-bit floats. */
export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

/** The reverse of {@link toBase64}. Throws a `RangeError` when the bytes are not whole floats. */
export function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0)
    throw new RangeError(`an embedding of ${bytes.length} bytes is not a list of 32-bit floats`)
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}
