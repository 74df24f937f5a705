import type { BoardFile } from '../models/board-file.ts';
import type { KeyFinder } from './key-finder.ts';
import { numberOf } from './node-reading.ts';
import type { FoundFlash, ZephyrQuestion } from './zephyr-flash.ts';
import { noteAssumedMode } from './zephyr-mcuboot.ts';
import type { FoundMcuboot } from './zephyr-mcuboot.ts';
import type { FoundPartitions } from './zephyr-partitions.ts';

type McubootPart = NonNullable<BoardFile['mcuboot']>;

interface Asked extends ZephyrQuestion {
  readonly mcuboot: FoundMcuboot | undefined;
}

/** What MCUboot is built with falls back to that, as mcuboot_config.h has it. */
const FALLBACK_SECTORS = 128;

/** `CONFIG_BOOT_MAX_IMG_SECTORS_AUTO` in MCUboot's CMakeLists.txt: by the erase size that the devicetree says. */
function maxSectorsOf(
  { mcuboot, inquiry }: Asked,
  flash: FoundFlash,
  { slots: [primary, secondary] }: FoundPartitions,
): number | undefined {
  if (mcuboot === undefined) return undefined;
  if (mcuboot.maxSectors !== undefined) return mcuboot.maxSectors;
  const eraseBytes = numberOf(flash.node, 'erase-block-size');
  if (!mcuboot.isSectorsAuto || eraseBytes === undefined || eraseBytes === 0) {
    const from = mcuboot.isSectorsAuto
      ? 'CONFIG_BOOT_MAX_IMG_SECTORS_AUTO, which finds no erase-block-size'
      : "MCUboot's default";
    return inquiry.found('most sectors', FALLBACK_SECTORS, { from });
  }
  const largest = Math.max(primary?.sizeBytes ?? 0, secondary?.sizeBytes ?? 0);
  const count = Math.floor(largest / eraseBytes);
  if (count === 0) return undefined;
  return inquiry.found('most sectors', count, { from: 'CONFIG_BOOT_MAX_IMG_SECTORS_AUTO' });
}

function keysOf(
  { inquiry, answers, mcuboot, configuration }: Asked,
  keyAt: KeyFinder,
): readonly string[] | undefined {
  if (answers.keys !== undefined) {
    return inquiry.found('keys', answers.keys, { from: 'the command line' });
  }
  const application = configuration.text('CONFIG_MCUBOOT_SIGNATURE_KEY_FILE');
  const named =
    mcuboot?.keyFile ?? (application && { path: application.value, from: application.place });
  const path = named && keyAt(named.path);
  if (named !== undefined && path !== undefined) {
    return inquiry.found('keys', [path], { from: named.from });
  }
  const lost = named === undefined ? '' : `; ${named.path} is not there`;
  return inquiry.missing(`the key that MCUboot trusts${lost}`, '--key');
}

/** A board file's `mcuboot`. */
export function mcubootPart(
  asked: Asked,
  {
    flash,
    partitions,
    keyAt,
  }: {
    readonly flash: FoundFlash;
    readonly partitions: FoundPartitions;
    readonly keyAt: KeyFinder;
  },
): McubootPart {
  const { inquiry, answers, mcuboot, configuration } = asked;
  if (answers.mode !== undefined) {
    inquiry.found('algorithm', answers.mode, { from: 'the command line' });
  }
  const mode = answers.mode ?? mcuboot?.mode;
  if (mode === undefined) {
    const why = mcuboot === undefined ? 'no build of MCUboot is here (--mcuboot)' : 'it says none';
    inquiry.missing(`how MCUboot updates; ${why}`, '--algorithm');
  }
  noteAssumedMode(inquiry, configuration, mode);
  const maxSectors = maxSectorsOf(asked, flash, partitions);
  const signature = mcuboot?.signature;
  const keys = signature === 'none' ? undefined : keysOf(asked, keyAt);
  const part = {
    mode,
    ...(mcuboot?.maxAlign !== undefined && { maxAlign: mcuboot.maxAlign }),
    ...(maxSectors !== undefined && { maxSectors }),
    ...mcuboot?.rest,
    ...(mcuboot !== undefined && mcuboot.images > 1 && { images: mcuboot.images }),
    ...(signature !== undefined && { signature }),
    ...(keys !== undefined && { keys }),
  };
  // The reader of board files has the last word on each of them.
  return part as McubootPart;
}
