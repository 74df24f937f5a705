import * as catalogue from './catalogue-of.ts';
import * as images from './findings/images.ts';
import type { FlowParts } from './flow-parts.ts';

/** All of it is there. A page that loads little has `parts-apart.ts` in place of this module. */
export const parts: FlowParts = {
  catalogue: () => Promise.resolve(catalogue),
  images: () => Promise.resolve(images),
};
