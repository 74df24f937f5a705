/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { outcomeColours } from './cut-map.ts';
export { openFlash } from './device.ts';
export { tileFlash } from './flash-ranges.ts';
export { riotbootReader } from './riotboot.ts';
export { countAll, pathOf, weight } from './cut-report.ts';
export { Endings, isWorse, outcomeOf } from './endings.ts';
export type { EndedBoot, Ending } from './endings.ts';
