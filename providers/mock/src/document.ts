import { type Directive, directives, exampleModel } from './directives.ts'
import { scenarios } from './scenarios.ts'

const titles: Readonly<Record<Exclude<Directive['group'], 'scenario'>, string>> = {
  answer: 'What it answers',
  shape: 'How the answer is cut and counted',
  time: 'Time',
  fault: 'Faults',
  'stream fault': 'Faults of streams',
}

const introduction = `# The mock

\`@llmproxy/provider-mock\` answers without any vendor, key or network. The **model name selects the behaviour**.

- In the gateway: a provider of \`type: mock\` with \`models: ["mock-*"]\`. It runs in process; its only option is
  \`latency\` (milliseconds before every answer).
- On its own: \`llmproxy mock --port 9000\`, or \`startMockServer()\` of \`@llmproxy/provider-mock/server\` in tests.

The standalone server speaks two wires. OpenAI: \`POST /v1/chat/completions\`, \`/v1/completions\`, \`/v1/embeddings\`,
\`/v1/images/generations\`, \`/v1/videos/generations\`, \`GET /v1/models\`, \`GET /v1/models/{id}\`. Anthropic:
\`POST /v1/messages\`, \`/v1/messages/count_tokens\`, and the model list when the header \`anthropic-version\` is sent.
The prefix \`/v1\` is optional.

## Model names

A name is \`mock-\` and then directives, each with its numbers, in any order: \`mock-chunks-20-gap-50-cut-after-3\`. A name
outside the grammar, and any name that does not start with \`mock-\`, is a 404 \`model_not_found\` that lists what is near.
Equal requests get equal bytes: ids and times are constant, tokens are characters divided by four. Bodies are checked
as strictly as the vendor does; any API key is accepted unless the server was given \`keys\`.

"After n chunks" counts content chunks: the opening chunk with the role is not one. A whole (not streamed) answer turns
a stream fault into its nearest form: \`cut-after\` is \`cut-body\`, \`hang-after\` stops half-way, \`error-after\` is an error
inside status 200.

A last message of the assistant that is the beginning of the answer is continued, not answered anew. So \`stream_continuation\` can be
tried with one provider: \`mock-chunks-12-flaky-1-cut-after-3\` is cut once, and goes on with its own text.
`

const scenarioIntroduction = `## Scenarios

Streams of chat completions as OpenAI-compatible servers really send them, byte for byte. "Reads as" is what a correct
client or gateway makes of it: the whole answer, an error that is seen as one, or either; never a shortened answer
that looks complete. They combine with \`latency\`, \`silent\`, \`drip\`, \`flaky\` and the faults that replace an answer. Whole
answers are the ordinary form of the same content; a conversation that ends with a tool result is answered with text.
`

const recorderPart = `## In tests

\`\`\`ts
import { startMockServer } from '@llmproxy/provider-mock/server'

const upstream = await startMockServer()
const body = JSON.stringify({ model: 'mock-echo', messages: [{ role: 'user', content: 'Hi' }] })
await fetch(\`\${upstream.url}/v1/chat/completions\`, { method: 'POST', body })
const seen = await upstream.waitFor((request) => request.closedAt !== undefined, 1000)
console.log(seen.headers, seen.body.toString(), seen.aborted)
await upstream.close()
\`\`\`

\`requests\` keeps the last 1,000 requests (option \`recordedRequests\`): method, path, headers, body bytes, when the request
was complete and when its answer ended (\`performance.now()\`), the status of the answer, how many body bytes were written, and whether
the client left early. \`reset()\` forgets them and the counts of \`flaky\`. Option \`keys\` lists the API keys that are accepted.
`

/** The text of \`docs/mock.md\`, made from the grammar itself. */
export function renderDocument(): string {
  const parts = Object.entries(titles).map(([group, title]) => {
    const rows = [...directives].filter(([, directive]) => directive.group === group)
    const cells = rows.map(([name, directive]) => [
      signature(name, directive),
      code(exampleModel(name)),
      directive.does,
    ])
    return `### ${title}\n\n${table(['Directive', 'Example', 'What happens'], cells)}`
  })
  const reads = { complete: 'the answer', error: 'an error', either: 'either' }
  const scenarioRows = scenarios.map((each) => [
    code(exampleModel(`scenario-${each.name}`)),
    each.does,
    reads[each.ending],
  ])
  const scenarioTable = table(['Model', 'What is sent', 'Reads as'], scenarioRows)
  return [introduction, ...parts, scenarioIntroduction, scenarioTable, recorderPart].join('\n')
}

function signature(name: string, { arguments: values }: Directive): string {
  return code([name, ...values.map((value) => `<${value.name}>`)].join('-'))
}

function code(text: string): string {
  return `\`${text}\``
}

/** A Markdown table in columns of equal width, as the formatter of this repository writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('')
}
