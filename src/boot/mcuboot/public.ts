/**
 * MCUboot's boot engine: what it does with two slots and their trailers, operation for operation.
 *
 * @module
 */
export { ApplicationSide } from './application.ts';
export type { ApplicationResult } from './application.ts';
export type { BootMemory, BootOperation, OperationListener } from './area.ts';
export { boot } from './boot.ts';
export type { BootOptions, BootOutcome, BootResult, BootedImage } from './boot.ts';
export type { AreaName, BootConfig, EncryptionConfig, SlotPlaces } from './config.ts';
export { decideSwap } from './decision.ts';
export { ImageJudge, MemoryCounters } from './image-judge.ts';
export type { JudgeOptions, SecurityCounters } from './image-judge.ts';
export { examineSlot, largestImageBytes, slotsRefusal, swapUnderWay } from './inspect.ts';
export type { Place, SlotFinding, SwapUnderWay } from './inspect.ts';
export type { Hazard, Refusal, RefusedHazard } from './machine.ts';
export type { Halt, SlotIndex, StatusSource } from './session.ts';
export type { MagicState, SwapState, SwapType } from './trailer.ts';
export { algorithmNamed, algorithms } from './trailer-layout.ts';
export type { Algorithm, NamedAlgorithm, TrailerLayout } from './trailer-layout.ts';
