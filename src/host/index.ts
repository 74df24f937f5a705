/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { departureDoubt } from './departure.ts';
export { scanElseAll } from './scan.ts';
export { outcomeSaid, unchangedElse } from './outcome.ts';
export { nothingThere } from './select-one.ts';
export { parseAlternate, parseSerials } from './selection.ts';
