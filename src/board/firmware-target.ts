import type { FirmwareTarget, ImageSlot, TargetSlot } from '../image/index.ts';
import { bootloaderOf } from './bootloaders/bootloaders.ts';
import { flashSizeBytes } from './models/board-model.ts';
import type { BoardModel } from './models/board-model.ts';
import type { BootloaderRecord } from './seams/bootloader-record.ts';

/** Which bootloader a board has, and how that is built. */
export interface FirmwareTargetOptions {
  /** One of the board's; default: its first. */
  readonly bootloader?: string | undefined;
  /** One of its record's `modes`; default: as the board has it. */
  readonly mode?: string | undefined;
}

/** The vectors of an image stand as far in it as those of one that runs from its slot. */
function headerBytesOf({ imageAddress }: ImageSlot, slots: readonly ImageSlot[]): number {
  const runs = slots.find(
    ({ address, sizeBytes }) => imageAddress >= address && imageAddress < address + sizeBytes,
  );
  return imageAddress - (runs?.address ?? imageAddress);
}

function slotsOf(
  record: BootloaderRecord,
  model: BoardModel,
  mode: string | undefined,
): TargetSlot[] {
  const { slots } = record.layout(model, mode);
  return slots.map((slot): TargetSlot => {
    const { index, address, sizeBytes, uploadAddress, imageAddress } = slot;
    const { mostBytes = sizeBytes, names } = record.room?.(model, index, mode) ?? {};
    const headerBytes = headerBytesOf(slot, slots);
    const alternate = record.dfu?.alternate(index);
    const place = { index, address, sizeBytes, uploadAddress, imageAddress };
    return Object.assign(place, { headerBytes, mostBytes, names, alternate });
  });
}

/**
 * What a firmware for a board must be like, and how the board is known in DFU mode, in the words that `dfukit/host` takes
 * (`expected`). Throws `INVALID_ARGUMENT` for a bootloader or mode that the board cannot be had with.
 */
export function firmwareTarget(
  model: BoardModel,
  { bootloader, mode }: FirmwareTargetOptions = {},
): FirmwareTarget {
  const record = bootloaderOf(model, bootloader, mode);
  const { flashBaseAddress, flash, ram, systemMemory } = model;
  const { flashLayout, optionLayout } = systemMemory ?? {};
  const dfuse = record.dfu?.dfuse === true;
  return {
    name: `board ${model.name} with ${record.name}`,
    dfuId: record.dfu?.usbId,
    flash: { address: flashBaseAddress, sizeBytes: flashSizeBytes(flash) },
    ram: { address: ram.baseAddress, sizeBytes: ram.sizeBytes },
    memories: dfuse
      ? [flashLayout, optionLayout].flatMap((layout, alternate) =>
          layout === undefined ? [] : [{ alternate, layout }],
        )
      : undefined,
    imageKind: record.layout(model, mode).imageKind,
    slots: slotsOf(record, model, mode),
  };
}
