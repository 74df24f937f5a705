import { slotOf } from '../../../boot/riotboot/index.ts';
import { DfuError } from '../../../bytes/index.ts';
import { riotbootImage } from '../../../image/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import { boxProgram, programBox } from '../../program/box.ts';
import { boardLayout } from './layout.ts';
import type { RiotbootName } from '../../models/riotboot-build.ts';

/** Where a firmware is to run. */
export interface FirmwareImageOptions {
  readonly model: BoardModel;
  /** Its layout decides where the slots are. */
  readonly bootloader: RiotbootName;
  readonly slot: number;
  /** The greater one boots; unsigned 32 bits. */
  readonly version: number;
}

/**
 * What goes into a slot: riotboot's header, padded, the box where a vector table would be, and the
 * module. Throws `NOT_FOUND` for a slot that does not exist, `OUT_OF_RANGE` for a firmware that does
 * not fit into it or a version beyond 32 bits.
 */
export function firmwareImage(
  payload: Uint8Array,
  { model, bootloader, slot: index, version }: FirmwareImageOptions,
): Uint8Array<ArrayBuffer> {
  const layout = boardLayout(model, bootloader);
  const slot = slotOf(layout, index);
  const room = slot.sizeBytes - layout.headerBytes - programBox.size;
  if (payload.length > room) {
    const got = `expected at most ${room} bytes, got ${payload.length}`;
    throw new DfuError('OUT_OF_RANGE', `the firmware does not fit into slot ${index}: ${got}`);
  }
  return riotbootImage(boxProgram(payload, slot.imageAddress, model.ram), {
    version,
    headerLength: layout.headerBytes,
    slotBase: slot.address,
  });
}
