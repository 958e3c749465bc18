import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** Members for a message or a delta: places on the web as OpenAI's annotations, everything else in the vendor's own form. */
export function citationMembers(given: unknown): { annotations?: object[]; citations?: JsonObject[] } {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  const cited = list.filter(isObject)
  const annotations = cited.flatMap(annotationsOf)
  const citations = cited.filter((citation) => annotationsOf(citation).length === 0)
  return { ...(annotations.length > 0 && { annotations }), ...(citations.length > 0 && { citations }) }
}

/** One for each source with a URL. Those of a plan or of thinking do not point into the content. */
function annotationsOf({ type, start, end, sources }: JsonObject): object[] {
  if (type !== undefined && type !== null && type !== 'TEXT_CONTENT') return []
  if (!Array.isArray(sources) || typeof start !== 'number' || typeof end !== 'number') return []
  return sources.filter(isObject).flatMap((source) => {
    const document = isObject(source['document']) ? source['document'] : source
    const { url, title } = document
    if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) return []
    const place = { url, title: typeof title === 'string' ? title : '', start_index: start, end_index: end }
    return [{ type: 'url_citation', url_citation: place }]
  })
}
