/** Fields from which some gateway or SDK takes a destination or a credential. */
export function baits(evil: string): Record<string, unknown> {
  const nested = { api_base: evil, base_url: evil, headers: { authorization: 'Bearer stolen' } }
  return {
    api_base: evil,
    base_url: evil,
    baseURL: evil,
    base_path: evil,
    endpoint: evil,
    azure_endpoint: evil,
    api_key: 'stolen',
    apiKey: 'stolen',
    api_version: 'evil',
    api_type: 'evil',
    deployment_id: 'evil',
    organization: 'evil',
    region: 'evil',
    custom_host: evil,
    custom_llm_provider: 'evil',
    provider: 'evil',
    proxy: evil,
    http_proxy: evil,
    extra_headers: { authorization: 'Bearer stolen', host: 'evil.example' },
    extra_query: { key: 'stolen' },
    headers: { authorization: 'stolen' },
    extra_body: nested,
    litellm_params: nested,
    config: nested,
    metadata: nested,
    callback_url: evil,
  }
}

/** The same in headers. */
export function enticing(evil: string): Record<string, string> {
  return {
    'x-portkey-custom-host': evil,
    'x-portkey-provider': 'evil',
    'x-portkey-config': JSON.stringify({ base_url: evil }),
    'helicone-target-url': evil,
    'helicone-openai-api-base': evil,
    'x-target-url': evil,
    'x-base-url': evil,
    'x-api-base': evil,
    'x-forwarded-host': new URL(evil).host,
    'x-forwarded-for': '1.2.3.4',
    forwarded: `host=${new URL(evil).host}`,
    'openai-organization': 'evil',
    'openai-project': 'evil',
    'x-goog-api-key': 'stolen',
    'x-goog-user-project': 'evil',
    'x-amz-security-token': 'stolen',
    'x-amz-date': 'evil',
    authorization: 'Bearer stolen',
    'api-key': 'stolen',
    'x-api-key': 'stolen',
    cookie: 'stolen=1',
    referer: evil,
    'user-agent': 'evil/1.0',
    'x-llmproxy-provider': 'evil',
  }
}
