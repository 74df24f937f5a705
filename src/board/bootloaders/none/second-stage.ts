import { viewOf } from '../../../bytes/index.ts';
import type { Flash } from '../../../flash/index.ts';

/** What an RP2040's boot ROM loads first, its checksum the last four bytes (RP2040 Datasheet §2.8.1.3.1). */
const SECOND_STAGE_BYTES = 256;
const CHECKED_BYTES = 252;
const POLYNOMIAL = 0x04c11db7;

/** CRC-32 without reflection and without inversion. */
function checksum(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (const byte of bytes) {
    register ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      register =
        register < 0 || register > 0x7fffffff ? (register << 1) ^ POLYNOMIAL : register << 1;
    }
  }
  return register >>> 0;
}

/**
 * Where the vector table of a program without a bootloader is, in bytes from the start of the flash: there, or behind
 * the second stage that an RP2040's boot ROM wants to see in front of it.
 */
export function vectorsAt(flash: Flash): number {
  if (flash.sizeBytes < 2 * SECOND_STAGE_BYTES) return 0;
  const stage = flash.read(0, SECOND_STAGE_BYTES);
  const isOne =
    viewOf(stage).getUint32(CHECKED_BYTES, true) === checksum(stage.subarray(0, CHECKED_BYTES));
  return isOne ? SECOND_STAGE_BYTES : 0;
}
