import { STM32F072 } from '../../boot/stm32/index.ts';
import type { Stm32SystemMemory } from '../../boot/stm32/index.ts';
import {
  amountShape,
  choiceShape,
  eitherShape,
  flagShape,
  listShape,
  madeShape,
  may,
  need,
  numberChoiceShape,
  objectShape,
  refusedShape,
  textShape,
  usual,
  wholeShape,
} from '../../bytes/index.ts';
import type { KeysOf, Shape } from '../../bytes/index.ts';
import { MAX_ALIGNS } from '../../image/index.ts';
import type { ZephyrBoard } from './board-model.ts';
import { MOST_ADDRESS, MOST_FLASH, MOST_MS, asciiShape, rangeShape } from './file-shapes.ts';
import { mcubootModes } from './mcuboot-build.ts';
import type { McubootBuild } from './mcuboot-build.ts';
import type { RiotbootBuild } from './riotboot-build.ts';

const systemMemories: Readonly<Record<'STM32F072', Stm32SystemMemory>> = { STM32F072 };

/** A loader in ROM, by the name of its chip or in full. */
export const systemMemoryShape: Shape<Stm32SystemMemory> = eitherShape(
  madeShape(choiceShape(['STM32F072']), (name) => systemMemories[name]),
  objectShape('a system memory in full', {
    address: need(wholeShape(0, MOST_ADDRESS), "Of the loader's vector table."),
    flashLayout: need(asciiShape(126), 'The name of alternate setting 0: the layout of the flash.'),
    optionLayout: need(
      asciiShape(126),
      'The name of alternate setting 1: the layout of the option bytes.',
    ),
    optionAddress: need(wholeShape(0, MOST_ADDRESS), 'Of the option bytes.'),
    massEraseMs: need(amountShape(0, MOST_MS, 'ms'), 'To erase the whole flash, in ms.'),
  } satisfies KeysOf<Stm32SystemMemory>),
);

const slots = listShape(rangeShape, { least: 2, most: 16 }) as Shape<ZephyrBoard['slots']>;

/** Partitions by their labels. */
export const zephyrShape: Shape<ZephyrBoard> = objectShape('partitions', {
  target: may(
    asciiShape(126),
    "Board, revision and chip, as Zephyr's build names them; default: the board's name.",
  ),
  romStartOffset: need(
    wholeShape(32, 0x10000, 'bytes', 4),
    'CONFIG_ROM_START_OFFSET with MCUboot: room for the image header in front of the vectors.',
  ),
  boot: need(rangeShape, 'boot_partition: where MCUboot is.'),
  slots: need(slots, 'slot0_partition and slot1_partition, and two more for each image besides.'),
  storage: may(rangeShape, 'storage_partition.'),
  scratch: may(
    rangeShape,
    'scratch_partition, for swap-using-scratch; default: storage serves as one.',
  ),
} satisfies KeysOf<ZephyrBoard>);

/** What riotboot is built with. */
export const riotbootShape: Shape<RiotbootBuild> = objectShape('what riotboot is built with', {
  headerBytes: need(
    wholeShape(256, 0x10000, 'bytes', 256),
    'RIOTBOOT_HDR_LEN: from the start of a slot to its vectors; 0x400 on Cortex-M3 and larger, 0x100 on M0.',
  ),
  bootloaderBytes: may(
    wholeShape(1, MOST_FLASH, 'bytes'),
    'RIOTBOOT_LEN; default: up to the first of slots, else 0x4000 with USB DFU and 0x2000 without.',
  ),
  slots: may(
    listShape(rangeShape, { least: 1, most: 2 }),
    'SLOT0_OFFSET and SLOT0_LEN, and those of slot 1; default: what is left, shared out.',
  ),
} satisfies KeysOf<RiotbootBuild>);

const mode = choiceShape(mcubootModes, {
  'ram-load':
    'no board here runs a program from RAM; "dfukit flash … --algorithm ram-load" reads its dumps',
  'single-slot': 'without a second slot nothing is updated',
  'firmware-updater': 'boards here have no firmware updater',
});

/** What MCUboot is built with. */
export const mcubootShape: Shape<McubootBuild> = objectShape('what MCUboot is built with', {
  mode: may(mode, 'How it updates; default: swap-using-move.'),
  maxAlign: may(
    numberChoiceShape(MAX_ALIGNS),
    'MCUBOOT_BOOT_MAX_ALIGN; default: by the write unit of the flash.',
  ),
  maxSectors: may(
    wholeShape(1, 65535),
    'MCUBOOT_MAX_IMG_SECTORS; default: as many as the largest slot has.',
  ),
  logicalSectorBytes: may(
    wholeShape(1, MOST_FLASH, 'bytes'),
    'MCUBOOT_LOGICAL_SECTOR_SIZE, a power of two; default: the sectors of the flash.',
  ),
  validatePrimary: usual(
    flagShape,
    'MCUBOOT_VALIDATE_PRIMARY_SLOT: slot 0 is checked at each boot.',
    true,
  ),
  downgradePrevention: may(
    choiceShape(['version', 'security-counter']),
    'MCUBOOT_DOWNGRADE_PREVENTION: what an update must not be less in; default: nothing.',
  ),
  compareBuildNumber: may(flagShape, 'MCUBOOT_VERSION_CMP_USE_BUILD_NUMBER.'),
  bootstrap: may(flagShape, 'MCUBOOT_BOOTSTRAP: an image in slot 1 fills an empty slot 0.'),
  overwriteOnlyFast: may(
    flagShape,
    'MCUBOOT_OVERWRITE_ONLY_FAST: copy only the sectors that the image needs.',
  ),
  overwriteOnlyKeepBackup: may(
    flagShape,
    'MCUBOOT_OVERWRITE_ONLY_KEEP_BACKUP: leave the header of the image in slot 1.',
  ),
  verifyImageAddress: may(
    choiceShape(['reset-vector', 'load-address']),
    'MCUBOOT_VERIFY_IMG_ADDRESS or MCUBOOT_CHECK_HEADER_LOAD_ADDRESS: what must say that an image is for slot 0.',
  ),
  images: may(
    wholeShape(1, 8),
    'CONFIG_UPDATEABLE_IMAGE_NUMBER: how many pairs of zephyr.slots; default: all of them.',
  ),
  signature: may(
    choiceShape(['rsa-2048', 'rsa-3072', 'ecdsa-p256', 'ecdsa-p384', 'ed25519', 'none']),
    'CONFIG_BOOT_SIGNATURE_TYPE_…; none: hashes alone are checked. Default: the kind of the keys.',
  ),
  keys: may(
    listShape(textShape('the path of a key file', { pattern: /^[^\0]+$/, least: 1, most: 1024 }), {
      least: 1,
      most: 64,
    }),
    'Files of the keys that it trusts, relative to this file; public halves do.',
  ),
  vendor: may(asciiShape(126), 'Images must be for this vendor: a UUID or a name.'),
  deviceClass: may(
    asciiShape(126),
    "And for this class of devices: a UUID, or a name within the vendor's.",
  ),
  encryption: may(
    refusedShape('boards here decrypt no images; "dfukit flash … --encrypted -d KEY" does'),
    'Not to be had.',
  ),
  hwRollbackProtection: may(
    refusedShape('boards here have no counter; "dfukit flash … --hw-rollback --counter N" has'),
    'Not to be had.',
  ),
} satisfies KeysOf<McubootBuild> & Record<string, unknown>);
