import { killedUnderLoad } from './scenarios/killed-under-load.ts';
import type { Scenario } from './scenario.ts';

/** Every fault, in the order it is told. */
export const SCENARIOS: readonly Scenario[] = [killedUnderLoad];
