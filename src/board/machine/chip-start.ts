import { encodeUtf8, fromHex, sha256 } from '../../bytes/index.ts';
import { chipModel } from '../../chip/index.ts';
import type { ChipModel } from '../../chip/index.ts';
import type { Peripherals } from '../seams/peripherals.ts';
import type { EngineOrder } from './engine.ts';
import type { MachineOptions } from './options.ts';

const ID_BYTES = 8;

/** The serial number as a unique number of the chip, or of its flash: the bytes of its digits, where it is made of such. */
function uniqueId(serial: string): Uint8Array {
  if (/^[0-9a-f]{16}$/i.test(serial)) return fromHex(serial);
  return sha256(encodeUtf8(serial)).subarray(0, ID_BYTES);
}

/** The model of the board's chip; undefined after a fault. */
export function chipOf(board: Peripherals): ChipModel | undefined {
  const { chip } = board.model;
  const model = chipModel(chip);
  if (model === undefined) board.fault(`there is no model of ${chip} to execute machine code with`);
  return model;
}

/** What a chip is started with on that board, but for its flash and whoever debugs it. */
export function chipStart(
  board: Peripherals,
  model: ChipModel,
  { bootrom }: MachineOptions,
): Omit<EngineOrder, 'flash' | 'debug'> {
  const { image, cause, ram, retainedRegisters, serial, buttons } = board;
  const byItself = image.ownStart === true || image.entryAddress === model.flashAddress;
  return {
    model,
    cause,
    ram: ram.subarray(0, model.ram.sizeBytes),
    retained: retainedRegisters.subarray(0, model.retainedBytes),
    entry: byItself ? undefined : image.entryAddress,
    rom: bootrom,
    uniqueId: uniqueId(serial),
    pins: new Map(buttons.levels()),
  };
}
