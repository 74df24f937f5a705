/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export {
  DEFAULT_MAX_ALIGN,
  DEFAULT_MAX_IMG_SECTORS,
  FLAG_SET,
  MAX_ALIGNS,
  alignUp,
  maxAlignOfMagic,
  trailerFlags,
  trailerInfoBytes,
} from './mcuboot/trailer.ts';
export type { TrailerFlags } from './mcuboot/trailer.ts';
