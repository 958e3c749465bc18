import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** A web page that an answer rests on: the specification's extension `perplexity_sources`. */
export interface Source {
  readonly title: string
  readonly url: string
}

/** The sources of an answer: its search results, else its citations, whose titles are their URLs. */
export function sourcesOf(answer: JsonObject): Source[] {
  const results = resultsOf(answer)
  return results.length > 0 ? results : urlsOf(answer).map((url) => ({ title: url, url }))
}

/** Characters of all annotations: each repeats the URL and the title of its source, and no answer needs a book of them. */
const mostRepeated = 1024 * 1024

/** One OpenAI annotation for each marker `[n]` in the text, up to a megabyte. Indices count UTF-16 units. */
export function annotationsOf(text: string, answer: JsonObject): JsonObject[] {
  const titles = new Map(resultsOf(answer).map(({ url, title }) => [url, title]))
  const urls = urlsOf(answer)
  const cited = urls.length > 0 ? urls : [...titles.keys()]
  const annotations: JsonObject[] = []
  let room = mostRepeated
  for (const marker of text.matchAll(/\[(\d{1,3})\]/g)) {
    const url = cited[Number(marker[1]) - 1]
    if (url === undefined) continue
    const title = titles.get(url) ?? url
    room -= url.length + title.length
    if (room < 0) break
    const span = { start_index: marker.index, end_index: marker.index + marker[0].length }
    annotations.push({ type: 'url_citation', url_citation: { url, title, ...span } })
  }
  return annotations
}

/** Reads a list of `{title, url}`; what has no URL is no source. */
export function readSources(list: unknown): Source[] {
  if (!Array.isArray(list)) return []
  return list.filter(isObject).flatMap(({ title, url }) => {
    if (typeof url !== 'string' || url === '') return []
    return [{ title: typeof title === 'string' && title !== '' ? title : url, url }]
  })
}

function resultsOf(answer: JsonObject): Source[] {
  return readSources(answer['search_results'])
}

function urlsOf(answer: JsonObject): string[] {
  const list = answer['citations']
  return Array.isArray(list) ? list.map(String) : []
}
