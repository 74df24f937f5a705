import { describe, expect, test } from 'vitest';
import { dfuBench } from '../../../test/conformance/device-bench.ts';
import { RamDisk, ZEPHYR } from '../index.ts';

const DNLOAD = 1;
const UPLOAD = 2;
const GETSTATUS = 3;
const GETSTATE = 5;
const ABORT = 6;

function bench(): { wire: ReturnType<typeof dfuBench>['wire']; disk: RamDisk } {
  const disk = new RamDisk({ sizeBytes: 4096 });
  const functional = { wTransferSize: 512 };
  const { wire } = dfuBench({ profile: ZEPHYR, media: [disk], functional });
  return { wire, disk };
}

function sent(wire: ReturnType<typeof dfuBench>['wire'], number: number, bytes: number[]): number {
  wire.out(DNLOAD, number, Uint8Array.from(bytes));
  wire.in(GETSTATUS, 6);
  const state = wire.in(GETSTATE, 1);
  return state.end === 'ok' ? (state.bytes[0] ?? -1) : -1;
}

/** What profile `zephyr` does with a memory that knows nothing of block numbers. */
describe('a plain medium where block numbers are the medium’s', () => {
  test('takes blocks in order, and keeps them with the end', () => {
    const { wire, disk } = bench();
    expect(sent(wire, 0, [1, 2])).toBe(5);
    expect(sent(wire, 1, [3])).toBe(5);
    expect(sent(wire, 2, [])).toBe(2);
    expect([...disk.content]).toEqual([1, 2, 3]);
  });

  test('starts again with block 0, in the middle of a download', () => {
    const { wire, disk } = bench();
    sent(wire, 0, [1, 2]);
    sent(wire, 1, [3]);
    sent(wire, 0, [9]);
    sent(wire, 1, []);
    expect([...disk.content]).toEqual([9]);
  });

  test('goes on after ABORT with the next number', () => {
    const { wire, disk } = bench();
    sent(wire, 0, [1]);
    wire.out(ABORT);
    sent(wire, 1, [2]);
    sent(wire, 2, []);
    expect([...disk.content]).toEqual([1, 2]);
  });

  test('refuses another number with errUNKNOWN', () => {
    const { wire } = bench();
    sent(wire, 0, [1]);
    expect(sent(wire, 7, [2])).toBe(10);
    expect(wire.in(GETSTATUS, 6)).toMatchObject({ bytes: Uint8Array.of(14, 10, 0, 0, 10, 0) });
  });

  test('answers a wrong number with no bytes when it is read', () => {
    const { wire } = bench();
    expect(wire.in(UPLOAD, 512, 0)).toMatchObject({ bytes: new Uint8Array(512) });
    expect(wire.in(UPLOAD, 512, 3)).toEqual({ end: 'ok', bytes: new Uint8Array(0) });
    expect(wire.in(GETSTATE, 1)).toMatchObject({ bytes: Uint8Array.of(10) });
  });

  test('is stalled, not answered, where it cannot be read', () => {
    const disk = new RamDisk({ sizeBytes: 64, readable: false });
    const { wire } = dfuBench({ profile: ZEPHYR, media: [disk] });
    expect(wire.in(UPLOAD, 64)).toEqual({ end: 'stall' });
    expect(wire.in(GETSTATUS, 6)).toMatchObject({ bytes: Uint8Array.of(11, 10, 0, 0, 10, 0) });
  });
});
