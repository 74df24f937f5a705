import { loadExample } from 'dfukit/board/examples';
import type { OrderedBoard } from './ordered-board.ts';

/** A program, and how it is boxed. */
export interface BoxedProgram {
  readonly payload: Uint8Array;
  readonly slot?: number | undefined;
  readonly version: string;
}

/** A program for this board as its bootloader boots it. */
export function boxed(
  { model, record, mode, key }: OrderedBoard,
  { payload, slot, version }: BoxedProgram,
  signer = key,
): Promise<Uint8Array<ArrayBuffer>> {
  // Of a bootloader that checks no signature.
  const hashed = record.trustsKeys && signer === undefined;
  return record.firmware.box(payload, { model, mode, slot, version, key: signer, hashed });
}

/** An example, built so that it leads to the bootloader's DFU mode, if that has one: as in RIOT the one goes with the other. */
export function exampleFor({ record }: OrderedBoard, name: string): Uint8Array {
  const { runtimeModules } = record.firmware;
  return loadExample(name, { modules: record.dfu === undefined ? [] : runtimeModules });
}

/** What takes updates by USB where the bootloader takes none: Zephyr's sample. */
export function updatingSample(): Uint8Array {
  return loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
}

/** A module of a few lines. */
export function ownProgram(source: string): Uint8Array {
  return new TextEncoder().encode(source);
}
