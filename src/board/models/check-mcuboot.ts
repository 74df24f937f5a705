import type { AreaName } from '../../boot/mcuboot/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { maxAlignFor, parseUuid } from '../../image/index.ts';
import type { BoardModel } from './board-model.ts';
import { mcubootConfig, trailerFault } from './mcuboot-config.ts';

const wrong = (path: string, words: string): DfuError =>
  new DfuError('INVALID_ARGUMENT', `${path}: ${words}`);

/** The path in the file of what MCUboot calls an area. */
function pathOf({ zephyr }: BoardModel, area: AreaName): string {
  if (area === 'scratch')
    return zephyr?.scratch === undefined ? 'zephyr.storage' : 'zephyr.scratch';
  const pair = Number(area.replace(/^\D+/, ''));
  return `zephyr.slots[${2 * pair + (area.startsWith('primary') ? 0 : 1)}]`;
}

/** Throws `INVALID_ARGUMENT` with the path of what MCUboot cannot be built with, or not together. */
export function checkMcuboot(model: BoardModel): void {
  const { zephyr, mcuboot = {}, flash, bootloaders } = model;
  if (zephyr === undefined || !bootloaders.includes('mcuboot')) return;
  const { vendor, deviceClass } = mcuboot;
  if (deviceClass !== undefined && vendor === undefined && parseUuid(deviceClass) === undefined) {
    const words = 'expected mcuboot.vendor with it, or a UUID';
    throw wrong('mcuboot.deviceClass', `${words}, got the name "${deviceClass}" alone`);
  }
  const { maxAlign, mode, logicalSectorBytes: logical } = mcuboot;
  if (maxAlign !== undefined && maxAlign < maxAlignFor(flash.writeUnitBytes)) {
    const words = `expected at least the write unit, ${flash.writeUnitBytes}`;
    throw wrong('mcuboot.maxAlign', `${words}, got ${maxAlign}`);
  }
  if (logical !== undefined && !Number.isInteger(Math.log2(logical))) {
    throw wrong('mcuboot.logicalSectorBytes', `expected a power of two, got ${logical}`);
  }
  if (mode === 'swap-using-scratch' && (zephyr.scratch ?? zephyr.storage) === undefined) {
    throw wrong('zephyr.scratch', 'expected one, for swap-using-scratch, got nothing');
  }
  const usual = 'swap-using-move';
  const config = mcubootConfig(model, zephyr, mode ?? usual);
  const fault = trailerFault(config, flash);
  if (fault === undefined) return;
  const words = `${fault.words}, now ${config.maxImgSectors} (mcuboot.maxSectors)`;
  throw wrong(pathOf(model, fault.area), words);
}
