/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { outcomeColours } from './cut-map.ts';
export { openFlash } from './device.ts';
export { riotbootReader } from './riotboot.ts';
