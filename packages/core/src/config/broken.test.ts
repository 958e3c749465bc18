import { describe, expect, it } from 'vitest'
import { formatProblem } from './problem.ts'
import { readConfig } from './read.ts'

const secret = 'sk-live-4f9a8b7c6d5e4f3a2b1c'
const env = { PORT: 'not-a-port', KEY: secret, EMPTY: '' }

/** What is in the file, and what is said about it. */
const broken: readonly (readonly [string, string, readonly string[]])[] = [
  ['a mistyped global key', 'prot: 80', ['config.yaml:1:1 prot: unknown key; did you mean "port"?']],
  ['a key that resembles none', 'zebra_stripes: 80', ['config.yaml:1:1 zebra_stripes: unknown key']],
  [
    'text where a number belongs',
    'port: eighty',
    ['config.yaml:1:7 port: expected a number, found text "eighty"'],
  ],
  [
    'a fraction where a whole number belongs',
    'port: 80.5',
    ['config.yaml:1:7 port: expected a whole number, found number 80.5'],
  ],
  [
    'a number that is too large',
    'port: 70000',
    ['config.yaml:1:7 port: must be at most 65535, found number 70000'],
  ],
  [
    'a number that is too small',
    'request_timeout: -1',
    ['config.yaml:1:18 request_timeout: must be at least 0, found number -1'],
  ],
  [
    'zero where something must be left',
    'rate_limit_window: 0',
    ['config.yaml:1:20 rate_limit_window: must be more than 0, found number 0'],
  ],
  [
    'a YAML 1.1 boolean',
    'debug: yes',
    ['config.yaml:1:8 debug: expected true or false, found text "yes"; write true, without quotes'],
  ],
  [
    'a YAML 1.1 boolean where more is possible',
    'providers:\n  - {name: a, type: a, models: [m], enabled: Off}',
    [
      'config.yaml:2:46 providers[0].enabled: expected true, false or "auto", found text "Off"; write false, without quotes',
    ],
  ],
  [
    'one value where a list belongs',
    "cors_origins: '*'\nproviders:\n  - {name: a, type: a, models: 'm-*, o''x'}",
    [
      `config.yaml:1:15 cors_origins: expected a list, found text "*"; write ['*']`,
      `config.yaml:3:32 providers[0].models: expected a list, found text "m-*, o'x"; write ['m-*', 'o''x']`,
    ],
  ],
  [
    'a key where a list of keys belongs, which is not shown',
    `api_keys: ${secret}`,
    ['config.yaml:1:11 api_keys: expected a list, found text (not shown); put brackets around it: […]'],
  ],
  [
    'a key of a client where its name belongs, which is not shown, twice',
    `api_keys:\n  - {key: a-good-key-of-a-client, name: a, ${secret}: x}\n${secret}: team\n${secret}: team`,
    [
      'config.yaml:2:44 api_keys[0]["(not shown)"]: unknown key; known here: key, name',
      'config.yaml:3:1 ["(not shown)"]: unknown key',
      'config.yaml:4:1 duplicate key "(not shown)"',
    ],
  ],
  [
    'the beginning of several keys',
    'rate_limit: 5\nlog: x\nredis_fail: x\nhealth_check: x',
    [
      'config.yaml:1:1 rate_limit: unknown key; did you mean "rate_limits", "rate_limit_rpm" or "rate_limit_window"?',
      'config.yaml:2:1 log: unknown key; did you mean "log_level" or "log_file"?',
      'config.yaml:3:1 redis_fail: unknown key; did you mean "redis_failure"?',
      'config.yaml:4:1 health_check: unknown key; did you mean "health_check_interval"?',
    ],
  ],
  [
    'nothing where something is wanted',
    "shutdown_delay: .inf\nredis_url: ''\nproviders:\n  - name: a\n    type: mock\n    api_key_env: []",
    [
      'config.yaml:1:17 shutdown_delay: expected a number, found an endless number',
      'config.yaml:2:12 redis_url: must be a URL such as redis://host:6379; where there is no Redis, leave the key out; found empty text',
      'config.yaml:6:5 providers[0].api_key_env: must name at least one variable; without the key, `PROXY_API_<TYPE>_API_KEY` is looked up; found an empty list',
    ],
  ],
  [
    'several mistyped keys of a provider, its type among them',
    'providers:\n  - name: a\n    tpye: mock\n    model: [m]\n    prioritty: 1\n    endpoint: b',
    [
      'config.yaml:2:5 providers[0].type: missing; expected text',
      'config.yaml:3:5 providers[0].tpye: unknown key; did you mean "type"?',
      'config.yaml:4:5 providers[0].model: unknown key; did you mean "models"?',
      'config.yaml:5:5 providers[0].prioritty: unknown key; did you mean "priority"?',
    ],
  ],
  [
    'an unknown level',
    'log_level: inof',
    [
      'config.yaml:1:12 log_level: expected one of "TRACE", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "SILENT", found text "inof"; did you mean "INFO"?',
    ],
  ],
  [
    'a mapping where a list belongs',
    'cors_origins: {a: b}',
    ['config.yaml:1:1 cors_origins: expected a list, found a mapping'],
  ],
  ['empty text', "host: ''", ['config.yaml:1:7 host: must have at least 1 character, found empty text']],
  [
    'a number as a client key, which is not shown',
    'api_keys:\n  - 424242424242',
    ['config.yaml:2:5 api_keys[0]: expected text or a mapping, found a number (not shown)'],
  ],
  [
    'a client key under a wrong name, which is not shown',
    `api_keys:\n  - { kee: ${secret}, name: me }`,
    [
      'config.yaml:2:5 api_keys[0].key: missing; expected text',
      'config.yaml:2:7 api_keys[0].kee: unknown key; did you mean "key"?',
    ],
  ],
  [
    'a nested key',
    'rate_limits:\n  chatt: 5',
    ['config.yaml:2:3 rate_limits.chatt: unknown key; did you mean "chat"?'],
  ],
  ['a list at the top', '- port: 80', ['config.yaml:1:1 expected a mapping, found a list']],
  ['the same key twice', 'port: 1\nport: 2', ['config.yaml:2:1 duplicate key "port"']],
  [
    'a tag',
    'port: !env PORT',
    [
      'config.yaml:1:7 YAML tags (`!…`) are not supported',
      'config.yaml:1:12 port: expected a number, found text "PORT"',
    ],
  ],
  [
    'a tab',
    'providers:\n\t- name: a',
    ['config.yaml:2:1 a tab is used for indentation; YAML allows spaces only'],
  ],
  [
    'a quote that is not closed, before a key',
    `host: "127.0.0.1\napi_keys: [${secret}]`,
    ['config.yaml:1:7 a quote that is never closed'],
  ],
  [
    'a line of an item that is indented too little',
    'providers:\n  - name: a\n   type: mock\n    models: [m]',
    [
      'config.yaml:3:1 wrong indentation: this line is indented like an item of the list above, but does not start with `- `',
    ],
  ],
  [
    'a line that is indented too much',
    'port: 8000\n host: 127.0.0.1',
    ['config.yaml:1:7 a key must stand on one line; is a `:` missing, or the indentation wrong?'],
  ],
  [
    'a star without quotes',
    'cors_origins: [*]',
    ['config.yaml:1:16 an anchor or alias without a name; text that starts with `*` or `&` needs quotes'],
  ],
  [
    'an alias of something later',
    'host: *host',
    [
      'config.yaml:1:7 this alias (`*name`) has no complete anchor (`&name`) before it; text that starts with `*` needs quotes',
    ],
  ],
  [
    'an alias bomb',
    `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nd: [${'*c,'.repeat(20)}]`,
    ['config.yaml:1:1 more than 100 values come from aliases (`*name`); write them out'],
  ],
  [
    'an unset variable',
    'host: ${HOST_ADDRESS}',
    [
      'config.yaml:1:7 host: environment variable HOST_ADDRESS is not set; set it, or give a default: ${HOST_ADDRESS:-…}',
    ],
  ],
  [
    'a value from the environment, which is not shown',
    'port: ${PORT}\nlog_level: ${KEY}',
    [
      'config.yaml:1:7 port: expected a number, found text (not shown)',
      'config.yaml:2:12 log_level: expected one of "TRACE", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "SILENT", found text (not shown)',
    ],
  ],
  [
    'something that only looks like a variable',
    'host: ${my host}',
    [
      'config.yaml:1:7 host: not an environment reference; write ${NAME} or ${NAME:-default}, and $${ for the characters ${',
    ],
  ],
  [
    'a provider without name and type',
    'providers:\n  - models: [a]',
    [
      'config.yaml:2:5 providers[0].name: missing; expected text',
      'config.yaml:2:5 providers[0].type: missing; expected text',
    ],
  ],
  [
    'a provider that is text',
    'providers:\n  - some-vendor',
    ['config.yaml:2:5 providers[0]: expected a mapping, found text "some-vendor"'],
  ],
  [
    'a type in capitals and a name with spaces',
    'providers:\n  - name: my provider\n    type: Foo\n    models: [a]',
    [
      'config.yaml:2:11 providers[0].name: must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit; found text "my provider"',
      'config.yaml:3:11 providers[0].type: must be lower-case letters, digits, dashes and underscores, and start with a letter; found text "Foo"',
    ],
  ],
  [
    'a switch with a third state',
    'providers:\n  - {name: a, type: a, models: [m], enabled: maybe}',
    ['config.yaml:2:46 providers[0].enabled: expected true, false or "auto", found text "maybe"'],
  ],
  [
    'the key itself where its variable belongs',
    `providers:\n  - {name: a, type: a, models: [m], api_key_env: ${secret}}`,
    [
      'config.yaml:2:50 providers[0].api_key_env: must be the name of an environment variable; the key itself belongs into `api_key`; found text (not shown)',
    ],
  ],
  [
    'the key itself in a list of variables',
    `providers:\n  - {name: a, type: a, models: [m], api_key_env: [A, ${secret}, 5]}`,
    [
      'config.yaml:2:54 providers[0].api_key_env[1]: must be the name of an environment variable; the key itself belongs into `api_key`; found text (not shown)',
      expect.stringMatching(
        /^config\.yaml:2:\d+ providers\[0\]\.api_key_env\[2\]: expected text, found a number \(not shown\)$/,
      ),
    ],
  ],
  [
    'a key pasted as a name',
    `providers:\n  - {name: "${secret}!", type: a, models: [m]}`,
    [
      'config.yaml:2:12 providers[0].name: must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit; found text (not shown)',
    ],
  ],
  [
    'two providers of one name',
    'providers:\n  - {name: a, type: a, models: [m]}\n  - {name: a, type: b, models: [m]}',
    ['config.yaml:3:12 providers[1].name: "a" is already the name of providers[0]'],
  ],
  [
    'models that are wrong in every way',
    'providers:\n  - name: a\n    type: a\n    models: [5, x, {id: x}, "a*b", {idd: y}]',
    [
      'config.yaml:4:14 providers[0].models[0]: expected text or a mapping, found number 5',
      'config.yaml:4:36 providers[0].models[4].id: missing; expected text',
      'config.yaml:4:37 providers[0].models[4].idd: unknown key; did you mean "id"?',
    ],
  ],
  [
    'a model twice, a `*` in the middle, and a `*` sent upstream',
    'providers:\n  - name: a\n    type: a\n    models: [x, {id: x}, "a*b", {id: y, upstream: "z-*"}]',
    [
      'config.yaml:4:17 providers[0].models[1]: "x" is already at models[0]',
      'config.yaml:4:26 providers[0].models[2]: a `*` is allowed at the end of a model name only',
      'config.yaml:4:51 providers[0].models[3].upstream: is sent as it is, so it cannot contain `*`',
    ],
  ],
  [
    'headers that could break out of their line',
    `providers:\n  - name: a\n    type: a\n    models: [m]\n    custom_headers:\n      x-key: "${secret}\\nx: y"\n      "a b": c`,
    [
      'config.yaml:6:14 providers[0].custom_headers.x-key: must be a header value: one line, no control characters; found text (not shown)',
      'config.yaml:7:7 providers[0].custom_headers["a b"]: not a valid name here: must be a header name: no spaces, no colon',
    ],
  ],
  ['a prototype key', '__proto__: {port: 1}', ['config.yaml:1:1 __proto__: unknown key']],
  [
    'mistakes all over the file, in its order',
    'prot: 80\nproviders:\n  - {name: a, type: a, models: [m], timeout: soon}\nport: 0.5',
    [
      'config.yaml:1:1 prot: unknown key; did you mean "port"?',
      'config.yaml:3:46 providers[0].timeout: expected a number, found text "soon"',
      'config.yaml:4:7 port: expected a whole number, found number 0.5',
    ],
  ],
]

describe('a broken configuration', () => {
  it.each(broken)('is explained: %s', (_name, text, messages) => {
    const { config, problems } = readConfig(text, { file: 'config.yaml', env })
    expect(problems.map(formatProblem)).toEqual(messages)
    expect(config).toBeUndefined()
  })

  it('is never answered with a secret', () => {
    for (const [, text] of broken) {
      const said = readConfig(text, { file: 'config.yaml', env }).problems.map(formatProblem).join('\n')
      expect(said).not.toContain(secret)
      expect(said).not.toContain(env.PORT)
      expect(said).not.toContain('424242424242')
    }
  })
})

it('is soon done with a file in which thousands of values come from aliases', () => {
  const text = `a: &a 1\nb:\n${'  - *a\n'.repeat(10_000)}`
  const { problems } = readConfig(text, { file: 'config.yaml', env })
  expect(problems.map(formatProblem)).toEqual([
    'config.yaml:1:1 more than 100 values come from aliases (`*name`); write them out',
  ])
})

it('is soon done with a file that is something else', () => {
  const text = Array.from({ length: 8_000 }, (_, index) => `word_${index}: 1\n`).join('')
  const { problems } = readConfig(text, { file: 'config.yaml', env })
  expect(problems).toHaveLength(101)
  expect(problems.map(formatProblem)).toContain('config.yaml:1:1 7900 more unknown keys')
})
