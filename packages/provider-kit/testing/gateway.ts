import type { OperationName, ProviderPlugin } from '@llmproxy/provider-kit'

/** The part of an in-process gateway that the end-to-end checks use. */
export interface GatewayLike {
  respond(operation: OperationName, body: unknown, options?: RespondOptionsLike): Promise<GatewayAnswerLike>
  close(): Promise<void>
}

export interface RespondOptionsLike {
  readonly headers?: Record<string, string>
}

export interface GatewayAnswerLike {
  readonly status: number
  text(): Promise<string>
}

/** `createGateway` of `@llmproxy/core`, by shape: the gateway depends on the kit, not the other way round. */
export type CreateGateway<Gateway extends GatewayLike = GatewayLike> = (
  config: object,
  options: { plugins: readonly ProviderPlugin[]; env?: Record<string, string | undefined> },
) => Promise<Gateway>
