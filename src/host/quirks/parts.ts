import * as checks from './parse.ts';
import type { QuirkParts } from './quirk-parts.ts';

/** All of it is there. A page that loads little has `parts-apart.ts` in place of this module. */
export const parts: QuirkParts = {
  checks: () => Promise.resolve(checks),
};
