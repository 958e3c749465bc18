import type { Scenario } from './scenario.ts'
import { streamScenarios } from './scenarios-stream.ts'
import { toolScenarios } from './scenarios-tools.ts'

/** Every scenario, in the order of the documentation. */
export const scenarios: readonly Scenario[] = [...streamScenarios, ...toolScenarios]
