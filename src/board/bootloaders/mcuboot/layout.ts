import { algorithmNamed, largestImageBytes } from '../../../boot/mcuboot/index.ts';
import type { BootConfig } from '../../../boot/mcuboot/index.ts';
import { DfuError, didYouMean } from '../../../bytes/index.ts';
import { MemoryFlash, SectorMap } from '../../../flash/index.ts';
import type { FlashRange } from '../../../flash/index.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { SlotRoom } from '../../seams/bootloader-record.ts';
import type { ProgramLayout } from '../../seams/program-layout.ts';
import type { BoardModel, ZephyrBoard } from '../../models/board-model.ts';
import { mcubootModes } from '../../models/mcuboot-build.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import { mcubootConfig } from '../../models/mcuboot-config.ts';

/** Where MCUboot and its slots lie on a board. */
export interface McubootLayout extends ProgramLayout {
  /** `CONFIG_ROM_START_OFFSET`: the image header with its filler. */
  readonly headerBytes: number;
  /** Zephyr's flash map. */
  readonly areas: readonly FirmwareFlashArea[];
  /** What this board's MCUboot is built with. */
  readonly config: BootConfig;
}

/** The mode of a name that `algorithmNamed` takes. Throws `INVALID_ARGUMENT`. */
export function mcubootMode(name: string): McubootMode {
  const named = algorithmNamed(name);
  const wanted = named && `${named.algorithm}${named.revert ? '-with-revert' : ''}`;
  const mode = mcubootModes.find((each) => each === wanted);
  if (mode !== undefined) return mode;
  const known = mcubootModes.join(', ');
  const near = didYouMean(name, mcubootModes);
  const message = `MCUboot has no mode "${name}" here${near}; it has: ${known}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** What Zephyr knows of the board. Throws `INVALID_ARGUMENT` if it does not know it. */
function zephyrOf({ name, zephyr }: BoardModel): ZephyrBoard {
  if (zephyr !== undefined) return zephyr;
  throw new DfuError('INVALID_ARGUMENT', `${name} has no partitions for MCUboot`);
}

/**
 * The layout of a board with MCUboot, in this mode or the board's own. Throws `INVALID_ARGUMENT` for a board that has
 * none.
 */
export function mcubootLayout(
  model: BoardModel,
  mode: McubootMode = model.mcuboot?.mode ?? 'swap-using-move',
): McubootLayout {
  const zephyr = zephyrOf(model);
  const flashBase = model.flashBaseAddress;
  const headerBytes = zephyr.romStartOffset;
  const config = mcubootConfig(model, zephyr, mode);
  const { images, logicalSectorBytes: logical } = config;
  const sectors = new SectorMap(model.flash);
  const offset = mode === 'swap-using-offset';
  const slots = images.flatMap(({ primary, secondary }, image) =>
    [primary, secondary].map(({ offsetBytes, sizeBytes }, slot): McubootSlot => {
      const address = flashBase + offsetBytes;
      const runsAt = config.algorithm === 'direct-xip' ? address : flashBase + primary.offsetBytes;
      // With swap using offset the image in the secondary slot begins one sector up.
      const skipped = offset && slot === 1 ? (logical ?? sectors.at(offsetBytes).sizeBytes) : 0;
      return {
        index: 2 * image + slot,
        offsetBytes,
        sizeBytes,
        address,
        uploadAddress: address + skipped,
        imageAddress: runsAt + headerBytes,
      };
    }),
  );
  return {
    flashBase,
    bootloaderBytes: bootloaderBytes(zephyr),
    headerBytes,
    slots,
    areas: areasOf(zephyr, { flashBase, slots, scratch: config.scratch }),
    config,
    imageKind: 'mcuboot',
  };
}

/**
 * What of a slot is an image's, and the names that Zephyr's applications have for it: those of its flash backend for DFU
 * (`subsys/usb/device_next/class/usbd_dfu_flash.c`) and of its legacy class. Throws as `mcubootLayout`.
 */
export function mcubootRoom(model: BoardModel, slot: number, mode?: McubootMode): SlotRoom {
  const { config } = mcubootLayout(model, mode);
  const place = { image: Math.floor(slot / 2), slot: slot % 2 === 0 ? 0 : 1 } as const;
  const mostBytes = largestImageBytes(new MemoryFlash(model.flash), config, place);
  return { mostBytes, names: [`slot${slot}_image`, `image_${slot}`] };
}

/** All that is in front of the slots, where MCUboot is: other things may lie before it. */
function bootloaderBytes({ boot, slots, storage, scratch }: ZephyrBoard): number {
  const end = boot.offsetBytes + boot.sizeBytes;
  const others = [...slots, storage, scratch].filter((each) => each !== undefined);
  return others.every(({ offsetBytes }) => offsetBytes >= end) ? end : 0;
}

type McubootSlot = ProgramLayout['slots'][number] & { readonly uploadAddress: number };

/** Zephyr's flash map, by the labels of its partitions. */
function areasOf(
  { boot, storage }: ZephyrBoard,
  {
    flashBase,
    slots,
    scratch,
  }: {
    readonly flashBase: number;
    readonly slots: readonly McubootSlot[];
    readonly scratch: FlashRange | undefined;
  },
): FirmwareFlashArea[] {
  const area = (name: string, range: FlashRange | undefined): FirmwareFlashArea[] =>
    range === undefined
      ? []
      : [{ name, address: flashBase + range.offsetBytes, sizeBytes: range.sizeBytes }];
  return [
    ...area('mcuboot', boot),
    ...slots.map(({ index, address, sizeBytes, uploadAddress }) => {
      const skipped = uploadAddress - address;
      const name = `image-${index}`;
      if (index % 2 === 0) return { name, address, sizeBytes };
      return { name, address, sizeBytes, uploadOffsetBytes: skipped > 0 ? skipped : undefined };
    }),
    ...area('image-scratch', scratch),
    ...area('storage', storage === scratch ? undefined : storage),
  ];
}
