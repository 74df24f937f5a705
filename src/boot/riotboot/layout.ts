import { DfuError, hexNumber } from '../../bytes/index.ts';
import { RIOTBOOT_HEADER_ALIGNMENT } from '../../image/index.ts';
import type { ImageSlot } from '../../image/index.ts';

/** Where riotboot and its slots lie. */
export interface RiotbootLayout {
  /** Absolute address of the flash's first byte (CPU_FLASH_BASE). */
  readonly flashBase: number;
  /** RIOTBOOT_LEN. */
  readonly bootloaderBytes: number;
  /** RIOTBOOT_HDR_LEN: the header with its padding. */
  readonly headerBytes: number;
  /** Each holds a header of `headerBytes`, then the image. */
  readonly slots: readonly ImageSlot[];
}

/** The figures of a build, by RIOT's make variables. */
export interface RiotbootLayoutOptions {
  /** ROM_LEN: all of the flash that riotboot may use, in bytes. */
  readonly romBytes: number;
  /** RIOTBOOT_LEN, in bytes. */
  readonly bootloaderBytes: number;
  /** RIOTBOOT_HDR_LEN, in bytes: a multiple of 256. */
  readonly headerBytes: number;
  /** NUM_SLOTS; 2 if left out. */
  readonly slotCount?: 1 | 2 | undefined;
  /** SLOT_AUX_LEN, in bytes, kept free at the end; 0 if left out. */
  readonly auxBytes?: number | undefined;
  /** CPU_FLASH_BASE; 0 if left out. */
  readonly flashBase?: number | undefined;
  /** SLOT0_LEN and SLOT1_LEN, in bytes, where a build sets them; else what is left is shared out. */
  readonly slotBytes?: readonly number[] | undefined;
  /**
   * STM32 F2, F4 and F7: RIOTBOOT_LEN is taken off twice before sharing out, so that slot 1 begins at
   * the edge of a big sector.
   */
  readonly bootloaderTwice?: boolean | undefined;
}

function whole(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `riotboot layout: expected ${name} in bytes, got ${value}`,
  );
}

function slotSizes(options: RiotbootLayoutOptions): readonly number[] {
  if (options.slotBytes !== undefined) return options.slotBytes;
  const count = options.slotCount ?? 2;
  const boot = options.bootloaderBytes * (options.bootloaderTwice === true ? 2 : 1);
  const each = Math.floor((options.romBytes - boot - (options.auxBytes ?? 0)) / count);
  return Array<number>(count).fill(each);
}

/**
 * Computes the slots as RIOT's build does: SLOT0_OFFSET = RIOTBOOT_LEN,
 * SLOT0_LEN = (ROM_LEN - RIOTBOOT_LEN - SLOT_AUX_LEN) / NUM_SLOTS, slot 1 right behind.
 * Throws `INVALID_ARGUMENT` if a slot would not hold its header or lies beyond the flash.
 */
export function riotbootLayout(options: RiotbootLayoutOptions): RiotbootLayout {
  const { bootloaderBytes, headerBytes, flashBase = 0 } = options;
  whole('RIOTBOOT_LEN', bootloaderBytes);
  const end = whole('ROM_LEN', options.romBytes) - whole('SLOT_AUX_LEN', options.auxBytes ?? 0);
  if (
    whole('RIOTBOOT_HDR_LEN', headerBytes) === 0 ||
    headerBytes % RIOTBOOT_HEADER_ALIGNMENT !== 0
  ) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      `riotboot layout: expected a header length that is a multiple of 256, got ${headerBytes}`,
    );
  }
  let offsetBytes = bootloaderBytes;
  const slots = slotSizes(options).map((sizeBytes, index) => {
    if (!Number.isInteger(sizeBytes) || sizeBytes <= headerBytes || offsetBytes + sizeBytes > end) {
      throw new DfuError(
        'INVALID_ARGUMENT',
        `riotboot layout: expected slot ${index} to hold more than its header of ${headerBytes} bytes ` +
          `and to end by ${hexNumber(Math.max(0, end))}, got ${sizeBytes} bytes at ${hexNumber(offsetBytes)}`,
      );
    }
    const address = flashBase + offsetBytes;
    const slot = { index, offsetBytes, sizeBytes, address, imageAddress: address + headerBytes };
    offsetBytes += sizeBytes;
    return slot;
  });
  return { flashBase, bootloaderBytes, headerBytes, slots };
}

/** The slot of that number. Throws `NOT_FOUND`. */
export function slotOf(layout: RiotbootLayout, index: number): ImageSlot {
  const slot = layout.slots[index];
  if (slot !== undefined) return slot;
  throw new DfuError(
    'NOT_FOUND',
    `riotboot: expected a slot below ${layout.slots.length}, got slot ${index}`,
  );
}
