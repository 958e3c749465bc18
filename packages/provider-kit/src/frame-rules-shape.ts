/** A JSON object of unknown content. */
export type JsonObject = Record<string, unknown>

/** True for a JSON object; false for arrays and `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What one frame's inspection has found; reset for every frame. */
export interface FrameNotes {
  /** The frame is no longer what the upstream sent. */
  changed: boolean
  /** A defect was mended, as opposed to something removed that only we had asked for. */
  repaired: boolean
  /** Text, reasoning or a call came by. */
  content: boolean
}

/** Notes a change that mends a defect. */
export function mend(notes: FrameNotes): void {
  notes.changed = true
  notes.repaired = true
}
