import { describe, expect, test } from 'vitest';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';
import { DfuError } from '../../bytes/index.ts';
import { unwrapFile } from '../unwrap-file.ts';
import { layOver } from './lay-over.ts';
import { readSegments } from './segment-file.ts';
import { segmentFormats } from './segment-format.ts';
import type { SegmentFormat } from './segment-format.ts';

/*
 * Files of each format, damaged at random: what comes is segments or an error with words, soon, and no
 * more bytes than the file has.
 */

/** Numbers that a seed gives, the same on every machine (Mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const originals: Readonly<Record<SegmentFormat, Uint8Array>> = {
  hex: toolchainFile('firmware.hex'),
  srec: toolchainFile('firmware.srec'),
  elf: toolchainFile('firmware.elf'),
  uf2: uf2File(...uf2Blocks([{ address: 0x1000, bytes: new Uint8Array(1000) }], { family: 1 })),
};

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x30, 0x46, 0x3a, 0x53, 0x0a];

function damaged(file: Uint8Array, next: (below: number) => number): Uint8Array {
  let bytes = file.slice();
  for (let many = 1 + next(4); many > 0; many -= 1) {
    const at = next(bytes.length);
    const way = next(5);
    if (way < 2) bytes[at] = extremes[next(extremes.length)] ?? 0;
    else if (way === 2) bytes[at] = next(256);
    else if (way === 3) bytes = bytes.slice(0, 1 + next(bytes.length));
    else {
      const part = bytes.slice(at, at + 1 + next(600));
      bytes = Uint8Array.of(...bytes.subarray(0, at), ...part, ...bytes.subarray(at));
    }
  }
  return bytes;
}

/** What must hold for every file; returns whether it could be read. */
function readable(file: Uint8Array, read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (DfuError.is(error)) return false;
    throw new Error(`file ${Buffer.from(file).toString('base64')}`, { cause: error });
  }
}

describe('damaged files', () => {
  test.each(segmentFormats)(
    '%s',
    (format) => {
      const next = numbers(8);
      let read = 0;
      for (let round = 0; round < 3000; round += 1) {
        const file = damaged(originals[format], next);
        const whole = readable(file, () => {
          const segments = readSegments(file, format);
          const total = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
          expect(total).toBeLessThanOrEqual(file.length * 256);
          layOver(segments, { baseAddress: 0x0800_0000, sizeBytes: 0x8000 });
        });
        if (whole) read += 1;
        readable(file, () => unwrapFile(file));
      }
      expect(read).toBeLessThan(3000);
    },
    60_000,
  );
});
