import * as manifest from './page-manifest.ts';
import type { PageParts } from './page-parts.ts';

/** All of it is there. Where the parts are files of their own `parts-apart.ts` is in place of this module. */
export const parts: PageParts = {
  manifest: () => Promise.resolve(manifest),
};
