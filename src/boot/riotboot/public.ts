/**
 * riotboot: where its slots lie, which one boots, and how an image gets into one.
 *
 * @module
 */
export { decideBoot, RIOTBOOT_MAGIC_NUMBER, riotbootMagicAddress } from './decision.ts';
export type { RiotbootDecision, RiotbootInputs } from './decision.ts';
export { Flashwrite } from './flashwrite.ts';
export type { FlashwriteOptions } from './flashwrite.ts';
export { riotbootLayout } from './layout.ts';
export type { RiotbootLayout, RiotbootLayoutOptions } from './layout.ts';
export { chooseSlot, currentSlot, inspectSlot, otherSlot } from './selection.ts';
export type { SelectionOptions, SlotChoice, SlotReport } from './selection.ts';
export { invalidateLatest, invalidateSlot } from './invalidate.ts';
export type { InvalidateResult } from './invalidate.ts';
export { SlotWriter } from './slot-writer.ts';
export type { SlotRefusal, SlotWriterOptions } from './slot-writer.ts';
export { verifySha256 } from './verify.ts';
export type { DigestProvider, ExpectedImage, VerifyResult } from './verify.ts';
