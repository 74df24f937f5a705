import { describe, expect, test } from 'vitest';
import { DONE, RamDisk } from '../index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('RAM disk', () => {
  test('gives back what was downloaded, no more', () => {
    const disk = new RamDisk({ sizeBytes: 8 });
    expect(disk.begin()).toBe(DONE);
    expect(disk.write(0, bytes(1, 2))).toBe(DONE);
    expect(disk.write(2, bytes(3))).toBe(DONE);
    expect(disk.finish(3)).toBe(DONE);
    expect(disk.read(0, 2)).toEqual(bytes(1, 2));
    expect(disk.read(2, 2)).toEqual(bytes(3));
    expect(disk.read(3, 2)).toEqual(bytes());
    expect(disk.content).toEqual(bytes(1, 2, 3));
  });

  test('a shorter download leaves nothing of a longer one', () => {
    const disk = new RamDisk({ sizeBytes: 4 });
    for (const content of [bytes(1, 2, 3, 4), bytes(5, 6, 7), bytes(8)]) {
      disk.begin();
      disk.write(0, content);
      disk.finish(content.length);
      expect(disk.read(0, 4)).toEqual(content);
    }
  });

  test('keeps what it had when a download is aborted', () => {
    const disk = new RamDisk({ sizeBytes: 4, content: bytes(9, 8) });
    disk.begin();
    disk.write(0, bytes(1, 2, 3, 4));
    disk.abort();
    expect(disk.content).toEqual(bytes(9, 8, 0, 0));
  });

  test.each([
    ['misaligned', 6, 2, 'offset 6 is no multiple of 4'],
    ['beyond the end', 8, 9, 'ramdisk0 ends at 16'],
  ])('%s: errADDRESS', (_, offset, length, reason) => {
    const disk = new RamDisk({ sizeBytes: 16, alignBytes: 4 });
    disk.begin();
    expect(disk.write(offset, new Uint8Array(length))).toEqual({
      status: 'errADDRESS',
      busyMs: 0,
      reason,
    });
  });

  test('read-only: errWRITE', () => {
    const disk = new RamDisk({ name: 'config', sizeBytes: 4, writable: false });
    expect(disk.begin()).toEqual({ status: 'errWRITE', busyMs: 0, reason: 'config is read-only' });
  });

  test('takes the time that it is told to take', () => {
    const disk = new RamDisk({ sizeBytes: 64, writeMs: 2, writeMsPerByte: 0.5, finishMs: 30 });
    disk.begin();
    expect(disk.write(0, new Uint8Array(16))).toEqual({ status: 'OK', busyMs: 10 });
    expect(disk.finish(16)).toEqual({ status: 'OK', busyMs: 30 });
  });

  test.each([
    [{ sizeBytes: 0 }, 'sizeBytes: expected 1 to'],
    [{ sizeBytes: 4, content: new Uint8Array(5) }, 'content: expected 0 to 4, got 5'],
    [{ sizeBytes: 4, alignBytes: 8 }, 'alignBytes: expected 1 to 4, got 8'],
  ])('refuses %o', (options, message) => {
    expect(() => new RamDisk(options)).toThrow(message);
  });
});
