import type { Flash } from '../../flash/index.ts';
import { RIOTBOOT_HEADER_BYTES, riotbootFault, riotbootHeader } from '../../image/index.ts';
import type { ImageSlot, RiotbootFault, RiotbootHeader } from '../../image/index.ts';
import { slotOf } from './layout.ts';
import type { RiotbootLayout } from './layout.ts';

/** How riotboot looks at a slot. */
export interface SelectionOptions {
  /**
   * Also skip a slot whose image was linked for another address. RIOT means to do so, but compares
   * the header's address with itself (sys/riotboot/slot.c), so that its own check never fails:
   * left out or false is RIOT as it is.
   */
  readonly checkStartAddress?: boolean | undefined;
}

/** What stands in a slot. */
export interface SlotReport {
  readonly slot: ImageSlot;
  /** As it stands in flash, valid or not. */
  readonly header: RiotbootHeader;
  /** Why riotboot skips the slot, or nothing if it may boot. */
  readonly fault: RiotbootFault | 'start-address' | undefined;
}

/** Looks at one slot. Throws `NOT_FOUND`. */
export function inspectSlot(
  flash: Flash,
  layout: RiotbootLayout,
  index: number,
  options: SelectionOptions = {},
): SlotReport {
  const slot = slotOf(layout, index);
  const bytes = flash.read(slot.offsetBytes, RIOTBOOT_HEADER_BYTES);
  const header = riotbootHeader.decode(bytes);
  const linkedElsewhere =
    options.checkStartAddress === true && header.startAddress !== slot.imageAddress;
  return {
    slot,
    header,
    fault: riotbootFault(bytes) ?? (linkedElsewhere ? 'start-address' : undefined),
  };
}

/** The slot that boots and the address that the processor jumps to. */
export interface SlotChoice {
  readonly slot: ImageSlot;
  readonly version: number;
  /** Absolute; the header's own word, which without a check may be another slot's. */
  readonly startAddress: number;
}

/**
 * Which slot boots: of those with a valid header the one with the greatest version, the lower slot on
 * a tie; nothing if none is valid (bootloaders/riotboot_dfu/main.c).
 */
export function chooseSlot(
  flash: Flash,
  layout: RiotbootLayout,
  options: SelectionOptions = {},
): SlotChoice | undefined {
  let choice: SlotChoice | undefined;
  for (const { index } of layout.slots) {
    const { slot, header, fault } = inspectSlot(flash, layout, index, options);
    if (fault !== undefined) continue;
    if (choice !== undefined && header.version <= choice.version) continue;
    choice = { slot, version: header.version, startAddress: header.startAddress };
  }
  return choice;
}

/**
 * The slot whose header names the address of the running image's vector table, valid or not
 * (riotboot_slot_current); nothing if none does.
 */
export function currentSlot(
  flash: Flash,
  layout: RiotbootLayout,
  imageAddress: number,
): number | undefined {
  const found = layout.slots.find(
    ({ index }) => inspectSlot(flash, layout, index).header.startAddress === imageAddress,
  );
  return found?.index;
}

/** The slot to update: slot 1 for an image that runs from slot 0, else slot 0 (riotboot_slot_other). */
export function otherSlot(flash: Flash, layout: RiotbootLayout, imageAddress: number): number {
  return currentSlot(flash, layout, imageAddress) === 0 ? 1 : 0;
}
