import type { Flash } from '../../flash/index.ts';
import { RIOTBOOT_HEADER_BYTES } from '../../image/index.ts';
import { slotOf } from './layout.ts';
import type { RiotbootLayout } from './layout.ts';
import { currentSlot, inspectSlot, otherSlot } from './selection.ts';

/** What came of it, with RIOT's return values 0, -1 and -2. */
export type InvalidateResult =
  | 'invalidated'
  /** There is one slot only, it stays. */
  | 'only-slot'
  /** The other slot would not boot, so this one stays. */
  | 'other-invalid';

/**
 * Makes a slot unbootable by programming its header to the opposite of erased, so that the other one
 * boots (riotboot_flashwrite_invalidate). Throws `NOT_FOUND` without such a slot.
 */
export function invalidateSlot(
  flash: Flash,
  layout: RiotbootLayout,
  index: number,
): InvalidateResult {
  const { offsetBytes } = slotOf(layout, index);
  if (layout.slots.length === 1) return 'only-slot';
  if (inspectSlot(flash, layout, 1 - index).fault !== undefined) return 'other-invalid';
  const { writeUnitBytes, erasedValue } = flash.geometry;
  // What shares a write unit with the header is programmed to what it is.
  const head = flash.read(offsetBytes, Math.max(RIOTBOOT_HEADER_BYTES, writeUnitBytes));
  flash.program(offsetBytes, head.fill(~erasedValue & 0xff, 0, RIOTBOOT_HEADER_BYTES));
  return 'invalidated';
}

/**
 * Invalidates the slot with the greater version, seen from the image that runs at `imageAddress`: the
 * running one on a tie (riotboot_flashwrite_invalidate_latest). Throws `NOT_FOUND` if no slot's
 * header names that address.
 */
export function invalidateLatest(
  flash: Flash,
  layout: RiotbootLayout,
  imageAddress: number,
): InvalidateResult {
  const current = currentSlot(flash, layout, imageAddress) ?? -1;
  const running = inspectSlot(flash, layout, current);
  if (layout.slots.length === 1) return 'only-slot';
  const other = otherSlot(flash, layout, imageAddress);
  const newer = inspectSlot(flash, layout, other).header.version > running.header.version;
  return invalidateSlot(flash, layout, newer ? other : current);
}
