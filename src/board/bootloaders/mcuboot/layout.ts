import { algorithmNamed, algorithms } from '../../../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../../../boot/mcuboot/index.ts';
import { DfuError } from '../../../bytes/index.ts';
import { largestSectorBytes } from '../../../flash/index.ts';
import type { FlashRange } from '../../../flash/index.ts';
import { maxAlignFor } from '../../../image/index.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { ProgramLayout } from '../../seams/program-layout.ts';
import type { BoardModel, ZephyrBoard } from '../../models/board-model.ts';

/** How a board's MCUboot updates: MCUboot's algorithms, and direct-xip with its revert. */
export type McubootMode = Exclude<Algorithm, 'ram-load'> | 'direct-xip-with-revert';

/** The modes that a board's MCUboot can be built with; the first one is Zephyr's default. */
export const mcubootModes: readonly McubootMode[] = [
  ...algorithms.filter((each) => each !== 'ram-load'),
  'direct-xip-with-revert',
];

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
  throw new DfuError('INVALID_ARGUMENT', `MCUboot has no mode "${name}" here; it has: ${known}`);
}

/** What Zephyr knows of the board. Throws `INVALID_ARGUMENT` if it does not know it. */
function zephyrOf({ name, zephyr }: BoardModel): ZephyrBoard {
  if (zephyr !== undefined) return zephyr;
  throw new DfuError('INVALID_ARGUMENT', `${name} has no partitions for MCUboot`);
}

/**
 * What MCUboot is built with on a board, as Zephyr's build has it: BOOT_MAX_ALIGN by the write unit,
 * as many sectors as a slot has (`CONFIG_BOOT_MAX_IMG_SECTORS_AUTO`). Zephyr's boards have no scratch
 * partition; swap using scratch takes the storage partition.
 */
function configOf({ flash }: BoardModel, zephyr: ZephyrBoard, mode: McubootMode): BootConfig {
  const [primary, secondary] = zephyr.slots;
  const xip = mode === 'direct-xip' || mode === 'direct-xip-with-revert';
  return {
    algorithm: xip ? 'direct-xip' : mode,
    revert: mode === 'direct-xip-with-revert',
    scratch: mode === 'swap-using-scratch' ? zephyr.storage : undefined,
    images: [{ primary, secondary }],
    maxAlign: maxAlignFor(flash.writeUnitBytes),
    maxImgSectors: primary.sizeBytes / largestSectorBytes(flash),
  };
}

/** The layout of a board with MCUboot. Throws `INVALID_ARGUMENT` for a board that has none. */
export function mcubootLayout(
  model: BoardModel,
  mode: McubootMode = 'swap-using-move',
): McubootLayout {
  const zephyr = zephyrOf(model);
  const flashBase = model.flashBaseAddress;
  const headerBytes = zephyr.romStartOffset;
  const config = configOf(model, zephyr, mode);
  const skipped = mode === 'swap-using-offset' ? largestSectorBytes(model.flash) : 0;
  const [first] = zephyr.slots;
  const slots = zephyr.slots.map(({ offsetBytes, sizeBytes }, index) => {
    const address = flashBase + offsetBytes;
    const runsAt = config.algorithm === 'direct-xip' ? address : flashBase + first.offsetBytes;
    return {
      index,
      offsetBytes,
      sizeBytes,
      address,
      uploadAddress: address + (index === 1 ? skipped : 0),
      imageAddress: runsAt + headerBytes,
    };
  });
  const areas = areasOf(zephyr, { flashBase, skipped, mode });
  return {
    flashBase,
    bootloaderBytes: zephyr.boot.sizeBytes,
    headerBytes,
    slots,
    areas,
    config,
    imageKind: 'mcuboot',
  };
}

/** Zephyr's flash map, by the labels of its partitions. */
function areasOf(
  { boot, slots: [first, second], storage }: ZephyrBoard,
  { flashBase, skipped, mode }: { flashBase: number; skipped: number; mode: McubootMode },
): FirmwareFlashArea[] {
  const area = (name: string, { offsetBytes, sizeBytes }: FlashRange): FirmwareFlashArea => ({
    name,
    address: flashBase + offsetBytes,
    sizeBytes,
  });
  return [
    area('mcuboot', boot),
    area('image-0', first),
    { ...area('image-1', second), uploadOffsetBytes: skipped > 0 ? skipped : undefined },
    area(mode === 'swap-using-scratch' ? 'image-scratch' : 'storage', storage),
  ];
}
