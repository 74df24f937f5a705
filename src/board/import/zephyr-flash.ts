import { hexNumber } from '../../bytes/index.ts';
import type { FlashGeometry, MemoryRange, SectorRun } from '../../flash/index.ts';
import type { BoardAnswers } from './answers.ts';
import type { Devicetree, DevicetreeNode } from './devicetree.ts';
import type { Inquiry, Source } from './inquiry.ts';
import { busReg, isCompatible, namedNode, nodeText, numberOf } from './node-reading.ts';
import { fillSectors, sectorsText, sizeText } from './sectors.ts';
import type { Settings } from './settings.ts';
import { stm32Sectors } from './stm32-sectors.ts';
import { placeText } from './text-file.ts';

/** Who asks, of what, and what was said beforehand. */
export interface ZephyrQuestion {
  readonly inquiry: Inquiry;
  readonly tree: Devicetree;
  readonly configuration: Settings;
  readonly answers: BoardAnswers;
}

/** A flash as a build has it; what is not known of it has been asked for. */
export interface FoundFlash {
  readonly node: DevicetreeNode;
  readonly sizeBytes: number;
  readonly baseAddress: number;
  readonly geometry: FlashGeometry | undefined;
}

const said = 'the command line';

/** Zephyr's STM32 driver: flash of the L0 and L1 is erased to 0. */
const ERASED_TO_ZERO = /^st,stm32l[01]-flash-controller$/;
const WITHOUT_ERASE = /rram-controller|mram/;

/** Bytes of a flash: of its `reg`, or of the `size` that serial flashes have, in bits (jedec,spi-nor). */
function sizeOf(
  node: DevicetreeNode,
): { readonly bytes: number; readonly from: Source } | undefined {
  const reg = busReg(node);
  if (reg !== undefined && reg.sizeBytes > 0) return { bytes: reg.sizeBytes, from: reg.place };
  const bits = numberOf(node, 'size');
  const place = node.properties.get('size')?.place;
  return bits === undefined || place === undefined ? undefined : { bytes: bits / 8, from: place };
}

function baseOf({ inquiry, configuration, answers }: ZephyrQuestion, node: DevicetreeNode): number {
  const found = (address: number, from: Source): number =>
    inquiry.found('flash base', address, { from, text: hexNumber(address, 8) });
  if (answers.flashBaseAddress !== undefined) return found(answers.flashBaseAddress, said);
  const configured = configuration.number('CONFIG_FLASH_BASE_ADDRESS');
  if (configured !== undefined) return found(configured.value, configured.place);
  const reg = busReg(node);
  if (reg !== undefined && reg.sizeBytes > 0) return found(reg.address, reg.place);
  inquiry.missing(`where the processor sees the first byte of ${nodeText(node)}`, '--flash-base');
  return 0;
}

function sectorsOf(
  { inquiry, configuration, answers }: ZephyrQuestion,
  { node, sizeBytes }: { readonly node: DevicetreeNode; readonly sizeBytes: number },
): readonly SectorRun[] | undefined {
  const found = (sectors: readonly SectorRun[], from: Source): readonly SectorRun[] =>
    inquiry.found('sectors', sectors, { from, text: sectorsText(sectors) });
  if (answers.sectors !== undefined) return found(fillSectors(answers.sectors, sizeBytes), said);
  const soc = configuration.text('CONFIG_SOC')?.value ?? '';
  const table = stm32Sectors(soc, sizeBytes);
  const eraseBytes = numberOf(node, 'erase-block-size');
  const place = node.properties.get('erase-block-size')?.place ?? node.place;
  if (table !== undefined) return found(table.sectors, `${table.from}, for CONFIG_SOC ${soc}`);
  if (eraseBytes !== undefined && eraseBytes > 0 && sizeBytes % eraseBytes === 0) {
    return found([{ count: sizeBytes / eraseBytes, sizeBytes: eraseBytes }], place);
  }
  const lack = eraseBytes === undefined ? 'says no erase-block-size' : 'has no whole sectors';
  const chip = soc === '' ? '' : ` of ${soc}`;
  return inquiry.missing(
    `sectors that can be erased, of ${sizeText(sizeBytes)}${chip}; ${nodeText(node)} ${lack}`,
    '--sectors',
  );
}

function writeUnitOf(
  { inquiry, answers }: ZephyrQuestion,
  node: DevicetreeNode,
): number | undefined {
  const { writeUnitBytes } = answers;
  if (writeUnitBytes !== undefined) {
    return inquiry.found('write unit', writeUnitBytes, { from: said });
  }
  const bytes = numberOf(node, 'write-block-size');
  const place = node.properties.get('write-block-size')?.place;
  if (bytes !== undefined && place !== undefined) {
    return inquiry.found('write unit', bytes, { from: place });
  }
  return inquiry.missing(
    `bytes that are written at once; ${nodeText(node)} says no write-block-size`,
    '--write-unit',
  );
}

/** The flash of a node: its size, where it is, how it is erased and written. */
export function zephyrFlash(question: ZephyrQuestion, node: DevicetreeNode): FoundFlash {
  const { inquiry } = question;
  const size = sizeOf(node);
  const configured = question.configuration.number('CONFIG_FLASH_SIZE');
  const sizeBytes = size?.bytes ?? (configured?.value ?? 0) * 1024;
  const from = size?.from ?? configured?.place ?? node.place;
  inquiry.found('flash', sizeBytes, {
    from,
    text: `${node.labels[0] ?? node.path}, ${sizeText(sizeBytes)}`,
  });
  const baseAddress = baseOf(question, node);
  const sectors = sectorsOf(question, { node, sizeBytes });
  const writeUnitBytes = writeUnitOf(question, node);
  const controller = node.parent ?? node;
  const erasedValue = isCompatible(controller, ERASED_TO_ZERO) ? 0x00 : 0xff;
  if (isCompatible(controller, WITHOUT_ERASE)) {
    const it = nodeText(controller);
    inquiry.doubt(`${it} can be written without erasing; here it is a flash that must be erased`);
  }
  return {
    node,
    sizeBytes,
    baseAddress,
    geometry:
      sectors === undefined || writeUnitBytes === undefined
        ? undefined
        : { sectors, writeUnitBytes, erasedValue },
  };
}

/**
 * The RAM that the application is linked for. One that is built for the non-secure world starts in the secure one, in
 * TF-M, whose stack is in RAM that its own devicetree leaves out: there it is that of MCUboot's.
 */
export function zephyrRam(
  { inquiry, tree: own, configuration, answers }: ZephyrQuestion,
  bootTree: Devicetree,
): MemoryRange | undefined {
  const found = (range: MemoryRange, from: Source): MemoryRange => {
    const text = `${sizeText(range.sizeBytes)} at ${hexNumber(range.baseAddress, 8)}`;
    return inquiry.found('RAM', range, { from, text });
  };
  if (answers.ram !== undefined) return found(answers.ram, said);
  const nonSecure = configuration.get('CONFIG_TRUSTED_EXECUTION_NONSECURE');
  const isNonSecure = nonSecure?.value === 'y';
  if (isNonSecure && bootTree === own) {
    const what = `RAM, with that of the secure world, where the image starts (${placeText(nonSecure.place)})`;
    return inquiry.missing(what, '--ram');
  }
  const tree = isNonSecure ? bootTree : own;
  const node = namedNode(tree, 'chosen', 'zephyr,sram');
  const reg = node && busReg(node);
  if (reg !== undefined && reg.sizeBytes > 0) {
    return found({ baseAddress: reg.address, sizeBytes: reg.sizeBytes }, reg.place);
  }
  const base = configuration.number('CONFIG_SRAM_BASE_ADDRESS');
  const size = configuration.number('CONFIG_SRAM_SIZE');
  if (base !== undefined && size !== undefined) {
    return found({ baseAddress: base.value, sizeBytes: size.value * 1024 }, base.place);
  }
  return inquiry.missing(`RAM; ${tree.name} has no chosen zephyr,sram`, '--ram');
}
