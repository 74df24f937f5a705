import type { QuirkParts } from './quirk-parts.ts';

/** In place of `parts.ts` where nobody adds rows: in a page (`scripts/bundle-flasher.mjs`). */
export const parts: QuirkParts = {
  checks: () => {
    throw new TypeError('quirks of its own are no part of this program');
  },
};
