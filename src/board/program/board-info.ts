import { largestSectorBytes } from '../../flash/index.ts';
import type { Peripherals } from '../seams/peripherals.ts';
import type { BoardInfo } from './protocol.ts';

/** What a program is to know of its board from the start: the `BoardInfo` of the prelude, as JSON. */
export function boardInfoText(board: Peripherals): string {
  return JSON.stringify(infoOf(board));
}

function infoOf(board: Peripherals): BoardInfo {
  const { model, serial, image, platform, target, areas, bootControl, retainedRam } = board;
  const sensors = model.sensors.map(({ name, class: kind, scale, unit }) => ({
    name,
    class: kind,
    scale,
    unit,
  }));
  const { name, chip } = model;
  const { writeUnitBytes } = model.flash;
  const sectorBytes = largestSectorBytes(model.flash);
  return {
    name,
    chip,
    platform,
    target,
    serial,
    image,
    flash: { areas, writeUnitBytes, sectorBytes },
    noInitRam: { address: retainedRam.address, sizeBytes: retainedRam.sizeBytes },
    bootControl: bootControl !== undefined,
    sensors,
  };
}
