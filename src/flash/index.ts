/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { largestSectorBytes } from './geometry.ts';
export { doneByte, doneRange } from './power-cut.ts';
export { rewrite } from './rewrite.ts';
