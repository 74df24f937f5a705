import { fromHex } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { BoardModel } from '../models/board-model.ts';

/** Bytes of it, its checksum included. */
const STAGE_BYTES = 256;
/** The chips that want one in flash, by name. */
const CHIP = 'RP2040';

/**
 * A second stage of our own for the RP2040 (RP2040 Datasheet §2.8.1.3.1), position-independent code:
 *
 *       push {lr}
 *       ldrh r0, [0x14]; r1 = 'C' | 'X' << 8; ldrh r2, [0x18]; blx r2    @ look up the ROM's "enter XIP by command"
 *       blx r0
 *       pop {r0}; cmp r0, #0; bne 1f                                     @ called by a program: back to it
 *       VTOR = 0x10000100; sp = [VTOR]; bx [VTOR + 4]
 *     1: bx r0
 *
 * and the ROM's CRC-32 of the first 252 bytes.
 */
const CODE: Uint8Array = fromHex(
  '00b5142000880849182212889047804701bc002806d105480549086006c881f3' +
    '0888104700470000435800000001001008ed00e0',
);
const CHECKSUM: Uint8Array = fromHex('a6a3a014');

/**
 * Puts the second stage in front of a bootloader that is not in flash itself: programs copy it and call it after each erase
 * and program of theirs. Does nothing where something stands there, or the chip knows none.
 */
export function programSecondStage({ chip, flash: geometry }: BoardModel, flash: Flash): void {
  if (!chip.toUpperCase().startsWith(CHIP) || flash.sizeBytes < STAGE_BYTES) return;
  const there = flash.read(0, STAGE_BYTES);
  if (there.some((byte) => byte !== geometry.erasedValue)) return;
  const stage = new Uint8Array(STAGE_BYTES);
  stage.set(CODE);
  stage.set(CHECKSUM, STAGE_BYTES - CHECKSUM.length);
  flash.program(0, stage);
}
