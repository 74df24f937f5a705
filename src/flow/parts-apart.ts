import { loadPart } from '../usb/index.ts';
import type { FlowParts } from './flow-parts.ts';

/** In place of `parts.ts` where each part is a file of its own (`scripts/bundle-flasher.mjs`). */
export const parts: FlowParts = {
  catalogue: (wait) => loadPart('asks manifests', () => import('./catalogue-of.ts'), wait),
  images: (wait) => loadPart('reads MCUboot images', () => import('./findings/images.ts'), wait),
};
