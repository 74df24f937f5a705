import { crc32Mpeg2, hexNumber, viewOf } from '../../../bytes/index.ts';
import type { Flash } from '../../../flash/index.ts';

/** What an RP2040's boot ROM loads first, its checksum the last four bytes (RP2040 Datasheet §2.8.1.3.1). */
const SECOND_STAGE_BYTES = 256;
const CHECKED_BYTES = 252;

/** The checksum that stands behind a second stage, and the one that would fit it. */
function checksums(stage: Uint8Array): Readonly<Record<'got' | 'expected', number>> {
  return {
    got: viewOf(stage).getUint32(CHECKED_BYTES, true),
    expected: crc32Mpeg2(stage.subarray(0, CHECKED_BYTES)),
  };
}

/** Why the boot ROM of an RP2040 will not start what its flash begins with; undefined if it does, or for less than a second stage. */
export function secondStageDoubt(begin: Uint8Array): string | undefined {
  if (begin.length < SECOND_STAGE_BYTES) return undefined;
  const { got, expected } = checksums(begin.subarray(0, SECOND_STAGE_BYTES));
  if (got === expected) return undefined;
  const sums = `expected ${hexNumber(expected, 8)}, got ${hexNumber(got, 8)}`;
  return `its first ${SECOND_STAGE_BYTES} bytes are no second stage with its checksum (${sums}), and the boot ROM starts nothing else`;
}

/**
 * Where the vector table of a program without a bootloader is, in bytes from the start of the flash: there, or behind
 * the second stage that an RP2040's boot ROM wants to see in front of it.
 */
export function vectorsAt(flash: Flash): number {
  if (flash.sizeBytes < 2 * SECOND_STAGE_BYTES) return 0;
  const stage = flash.read(0, SECOND_STAGE_BYTES);
  const { got, expected } = checksums(stage);
  return got === expected ? SECOND_STAGE_BYTES : 0;
}
