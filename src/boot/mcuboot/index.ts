/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { ArrivingImage } from './arriving-image.ts';
export type { ArrivalOptions } from './arriving-image.ts';
export { areaNames, buildOf, imageNumberOf, isInPlace, isSwap, placeOf } from './config.ts';
export type { Build } from './config.ts';
export { examineArrived } from './examine-arrived.ts';
export { decodeSwapInfo, isOnTrial, readSwapState } from './trailer.ts';
export { copyingAlgorithms, slotTrailerBytes, trailerLayout } from './trailer-layout.ts';
