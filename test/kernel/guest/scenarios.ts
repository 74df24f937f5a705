import { environment } from './environment.ts';
import type { Scenario } from './scenario.ts';

/** Everything that is tried, in this order. */
export const scenarios: readonly Scenario[] = [...environment];
