import { hexNumber } from '../../bytes/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import type { BoardFile } from '../models/board-file.ts';
import type { BoardAnswers } from './answers.ts';
import { readDevicetree } from './devicetree.ts';
import type { Devicetree, DevicetreeNode } from './devicetree.ts';
import { hex, hexRange } from './hex-text.ts';
import type { ImportedBoard } from './imported-board.ts';
import { Inquiry } from './inquiry.ts';
import type { KeyFinder } from './key-finder.ts';
import { namedNode, ownReg } from './node-reading.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { malformed } from './text-file.ts';
import type { BuildText } from './text-file.ts';
import { zephyrFlash, zephyrRam } from './zephyr-flash.ts';
import type { FoundFlash, ZephyrQuestion } from './zephyr-flash.ts';
import { readMcuboot } from './zephyr-mcuboot.ts';
import type { FoundMcuboot } from './zephyr-mcuboot.ts';
import { mcubootPart } from './zephyr-mcuboot-part.ts';
import {
  devicetreePartitions,
  isSameRange,
  managedPartitions,
  rangeText,
} from './zephyr-partitions.ts';
import type { FoundPartitions } from './zephyr-partitions.ts';
import { zephyrParts } from './zephyr-parts.ts';
import { zephyrPlaces } from './zephyr-places.ts';

/** The files of a Zephyr build that say what its board is like. */
export interface ZephyrBuild {
  /** `zephyr.dts` and `.config` of the application. */
  readonly devicetree: BuildText;
  readonly configuration: BuildText;
  /** Those of MCUboot, where it was built beside it. */
  readonly mcuboot?:
    { readonly devicetree?: BuildText | undefined; readonly configuration: BuildText } | undefined;
  /** `pm.config` of nRF Connect SDK's partition manager. */
  readonly partitions?: BuildText | undefined;
}

interface Read extends ZephyrQuestion {
  readonly mcuboot: FoundMcuboot | undefined;
  /** The devicetree that MCUboot was built with, if there is one, else the application's. */
  readonly bootTree: Devicetree;
  readonly managed: Settings | undefined;
}

/**
 * Makes a board file out of a Zephyr build. Throws `MALFORMED` for files that are none, `UNSUPPORTED` with all
 * that no board here can have, `INVALID_ARGUMENT` with all that must be said besides, each with its option.
 */
export function importZephyr(
  build: ZephyrBuild,
  answers: BoardAnswers,
  keyAt: KeyFinder,
): ImportedBoard {
  const inquiry = new Inquiry();
  const configuration = readSettings(build.configuration);
  const own = configuration.get('CONFIG_MCUBOOT');
  if (own?.value === 'y')
    malformed(own.place, "expected an application's build, got MCUboot's own");
  const tree = readDevicetree(build.devicetree);
  const { name, chip, target } = nameOf(inquiry, configuration, answers);
  const boot = build.mcuboot && readSettings(build.mcuboot.configuration);
  const mcuboot = boot && readMcuboot(inquiry, boot);
  const bootTree =
    build.mcuboot?.devicetree === undefined ? tree : readDevicetree(build.mcuboot.devicetree);
  const managed = build.partitions && readSettings(build.partitions);
  const read: Read = { inquiry, tree, configuration, answers, mcuboot, bootTree, managed };
  const bl2 = configuration.get('CONFIG_TFM_BL2');
  if (bl2?.value === 'y') inquiry.unsupported("TF-M's own MCUboot, CONFIG_TFM_BL2", bl2.place);
  const isChained = configuration.isOn('CONFIG_BOOTLOADER_MCUBOOT') || mcuboot !== undefined;
  const made = isChained ? chained(read, { target, keyAt }) : alone(read);
  const ram = zephyrRam(read, bootTree);
  const { buttons, sensors } = zephyrParts(inquiry, tree);
  noteProcessor(inquiry, configuration);
  inquiry.close(build.devicetree.name);
  const { geometry, baseAddress } = made.flash;
  if (ram === undefined || geometry === undefined) throw new Error('asked for and not missed');
  const file: BoardFile = {
    name,
    chip,
    flash: flashPart(geometry),
    flashBaseAddress: hex(baseAddress, 8),
    ram: { baseAddress: hex(ram.baseAddress, 8), sizeBytes: hex(ram.sizeBytes) },
    ...made.parts,
    ...(buttons.length > 0 && { buttons }),
    ...(sensors.length > 0 && { sensors }),
  };
  return { file, findings: inquiry.findings, doubts: inquiry.doubts };
}

function nameOf(
  inquiry: Inquiry,
  configuration: Settings,
  answers: BoardAnswers,
): { readonly name: string; readonly chip: string; readonly target: string } {
  const board = configuration.text('CONFIG_BOARD');
  const soc = configuration.text('CONFIG_SOC');
  const target = configuration.text('CONFIG_BOARD_TARGET');
  const said = 'the command line';
  const name = answers.name ?? board?.value;
  if (name === undefined) inquiry.missing('the name of the board', '--name');
  else inquiry.found('board', name, { from: (answers.name === undefined && board?.place) || said });
  const chip = answers.chip ?? soc?.value;
  if (chip !== undefined) {
    inquiry.found('chip', chip, { from: (answers.chip === undefined && soc?.place) || said });
  }
  return { name: name ?? '', chip: chip ?? 'unknown', target: target?.value ?? name ?? '' };
}

/** Images start here as a Cortex-M starts: any other processor's would be a fault. */
function noteProcessor(inquiry: Inquiry, configuration: Settings): void {
  if (configuration.isOn('CONFIG_CPU_CORTEX_M')) return;
  const arch = configuration.text('CONFIG_ARCH');
  if (arch === undefined) return;
  inquiry.unsupported(`a processor that is no Cortex-M: CONFIG_ARCH is ${arch.value}`, arch.place);
}

/** Written as in a data sheet: what is usual is left out. */
function flashPart({ sectors, writeUnitBytes, erasedValue }: FlashGeometry): BoardFile['flash'] {
  const part = { sectors, writeUnitBytes };
  return erasedValue === 0xff ? part : { ...part, erasedValue };
}

interface Made {
  readonly flash: FoundFlash;
  readonly parts: Pick<BoardFile, 'bootloaders' | 'zephyr' | 'mcuboot'>;
}

/** The flash that code is in. Throws `MALFORMED` where none is chosen. */
function chosenFlash(tree: Devicetree): DevicetreeNode {
  const node = namedNode(tree, 'chosen', 'zephyr,flash');
  return node ?? malformed(tree.root.place, 'expected zephyr,flash in /chosen, got none');
}

/** Where the second stage of an RP2040's boot ROM ends, which comes with the application. */
function secondStageEnd(tree: Devicetree): number | undefined {
  const node = tree.labels.get('second_stage_bootloader');
  const reg = node && ownReg(node);
  return reg && reg.address + reg.sizeBytes;
}

/** An application without a bootloader. */
function alone(read: Read): Made {
  const { inquiry, configuration, tree } = read;
  const flash = zephyrFlash(read, chosenFlash(tree));
  const offset = configuration.number('CONFIG_FLASH_LOAD_OFFSET');
  if (offset !== undefined && offset.value > 0 && offset.value !== secondStageEnd(tree)) {
    const where = hexNumber(offset.value);
    inquiry.unsupported(`an application ${where} into the flash without MCUboot`, offset.place);
  }
  const from = configuration.get('CONFIG_BOOTLOADER_MCUBOOT')?.place ?? configuration.name;
  inquiry.found('bootloader', 'none', { from });
  return { flash, parts: { bootloaders: ['none'] } };
}

/** An application that MCUboot starts. */
function chained(
  read: Read,
  { target, keyAt }: { readonly target: string; readonly keyAt: KeyFinder },
): Made {
  const { inquiry, tree, bootTree, mcuboot } = read;
  const images = mcuboot?.images ?? 1;
  const partitions = partitionsOf(read, images);
  if (bootTree !== tree && read.managed === undefined) {
    noteDifferences(inquiry, { partitions, others: devicetreePartitions(tree, images) });
  }
  const flash = zephyrFlash(read, partitions.slots[0]?.flash ?? chosenFlash(bootTree));
  const header = headerOf(read);
  const mcubootFile = mcubootPart(read, { flash, partitions, keyAt });
  const places = zephyrPlaces(inquiry, {
    flash,
    partitions,
    from: (read.managed ?? bootTree).name,
    needsScratch: mcubootFile.mode === 'swap-using-scratch',
  });
  const [primary, secondary, ...more] = places.slots;
  const zephyr: NonNullable<BoardFile['zephyr']> = {
    target,
    romStartOffset: hex(header),
    boot: hexRange(places.boot),
    slots: [hexRange(primary), hexRange(secondary), ...more.map(hexRange)],
    ...(places.storage !== undefined && { storage: hexRange(places.storage) }),
    ...(places.scratch !== undefined && { scratch: hexRange(places.scratch) }),
  };
  return { flash, parts: { bootloaders: ['mcuboot'], zephyr, mcuboot: mcubootFile } };
}

function partitionsOf(
  { managed, inquiry, tree, bootTree, configuration }: Read,
  images: number,
): FoundPartitions {
  if (managed !== undefined) {
    if (managed.get('PM_B0_ADDRESS') !== undefined) {
      inquiry.doubt('the immutable bootloader in front of MCUboot (b0) is not played');
    }
    const isExternal = configuration.isOn('CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY');
    return managedPartitions(managed, { flash: chosenFlash(tree), images, isExternal });
  }
  const manager = configuration.get('CONFIG_PARTITION_MANAGER_ENABLED');
  if (manager?.value === 'y') {
    inquiry.unsupported('a partition manager without its pm.config in the build', manager.place);
  }
  return devicetreePartitions(bootTree, images);
}

/** Application and MCUboot were built with partitions of their own: a trap for whoever flashes both. */
function noteDifferences(
  inquiry: Inquiry,
  { partitions, others }: Readonly<Record<'partitions' | 'others', FoundPartitions>>,
): void {
  for (const [index, slot] of partitions.slots.entries()) {
    const other = others.slots[index];
    if (slot === undefined || other === undefined || isSameRange(slot, other)) continue;
    const ranges = `${rangeText(slot)} for MCUboot and ${rangeText(other)} for the application`;
    inquiry.doubt(`slot${index}_partition is ${ranges}; MCUboot's is taken`);
  }
}

/** `CONFIG_ROM_START_OFFSET`, or the pad that the partition manager puts in front of the application. */
function headerOf({ inquiry, managed, configuration, answers }: Read): number {
  const { romStartOffset } = answers;
  if (romStartOffset !== undefined) {
    return inquiry.found('image header', romStartOffset, {
      from: 'the command line',
      text: hexNumber(romStartOffset),
    });
  }
  const configured = configuration.number('CONFIG_ROM_START_OFFSET');
  const pad = managed?.number('PM_MCUBOOT_PAD_SIZE');
  const known = configured !== undefined && configured.value > 0 ? configured : pad;
  if (known !== undefined) {
    const { value, place: from } = known;
    return inquiry.found('image header', value, { from, text: hexNumber(value) });
  }
  const what = `bytes for the image header in front of the vectors; ${configuration.name} has none`;
  inquiry.missing(what, '--rom-start-offset');
  return 0;
}
