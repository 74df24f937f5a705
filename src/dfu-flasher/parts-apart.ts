import { loadPart } from '../usb/index.ts';
import type { PageParts } from './page-parts.ts';

/** In place of `parts.ts` where each part is a file of its own (`scripts/bundle-flasher.mjs`). */
export const parts: PageParts = {
  manifest: (wait) => loadPart('reads manifests', () => import('./page-manifest.ts'), wait),
};
