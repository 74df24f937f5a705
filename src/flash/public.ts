/**
 * NOR flash as it really behaves: geometry, program and erase rules, partitions, power cut.
 *
 * @module
 */
export type { Flash } from './flash.ts';
export { SectorMap } from './geometry.ts';
export type {
  FlashGeometry,
  FlashRange,
  FlashTiming,
  MemoryRange,
  Sector,
  SectorRun,
} from './geometry.ts';
export { MemoryFlash, MemoryStorage } from './memory-flash.ts';
export { NorFlash } from './nor-flash.ts';
export type { FlashOperation, FlashStorage, FlashWear, PowerCutStruck } from './nor-flash.ts';
export { partition } from './partition.ts';
export { powerCutKinds } from './power-cut.ts';
export type { PowerCutKind } from './power-cut.ts';
export { forEachPowerCut } from './power-cuts.ts';
export type { PowerCutState } from './power-cuts.ts';
