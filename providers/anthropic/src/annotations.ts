import { isObject } from './wire.ts'

/** A web source of a span of the answer, in OpenAI's form. Indices count UTF-16 units of the whole content. */
export interface UrlAnnotation {
  readonly type: 'url_citation'
  readonly url_citation: {
    readonly url: string
    readonly title: string
    readonly start_index: number
    readonly end_index: number
  }
}

/** The citations of one text block: web sources as annotations, document locations in the vendor's own form. */
export interface CitedSources {
  readonly annotations: readonly UrlAnnotation[]
  readonly citations: readonly unknown[]
}

/** Sorts the citations of a block that spans `start` to `end` of the content. */
export function citedSources(citations: unknown, start: number, end: number): CitedSources {
  const all: readonly unknown[] = Array.isArray(citations) ? citations : []
  return {
    annotations: all.flatMap((citation) => urlAnnotation(citation, start, end)),
    citations: all.filter((citation) => urlAnnotation(citation, start, end).length === 0),
  }
}

/** Members for a message or a delta; absent when there is nothing to cite. */
export function citationMembers(sources: CitedSources): { annotations?: unknown; citations?: unknown } {
  return {
    ...(sources.annotations.length === 0 ? {} : { annotations: sources.annotations }),
    ...(sources.citations.length === 0 ? {} : { citations: sources.citations }),
  }
}

function urlAnnotation(citation: unknown, start: number, end: number): UrlAnnotation[] {
  if (!isObject(citation) || citation['type'] !== 'web_search_result_location') return []
  if (typeof citation['url'] !== 'string') return []
  const title = typeof citation['title'] === 'string' ? citation['title'] : ''
  return [
    {
      type: 'url_citation',
      url_citation: { url: citation['url'], title, start_index: start, end_index: end },
    },
  ]
}
