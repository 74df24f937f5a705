/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { areaNames, buildOf } from './config.ts';
export type { Build } from './config.ts';
