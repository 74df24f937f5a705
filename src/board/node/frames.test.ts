import { describe, expect, test } from 'vitest';
import { FrameReader, encodeFrame } from './frames.ts';
import type { Frame } from './frames.ts';

const frames: readonly Frame[] = [
  { head: '{"type":"fed"}', bytes: undefined },
  { head: '', bytes: new Uint8Array(0) },
  { head: 'ümlaut €', bytes: Uint8Array.of(1, 2, 3) },
  { head: '+65536', bytes: undefined },
];

function all(reader: FrameReader): Frame[] {
  const read: Frame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) read.push(frame);
  return read;
}

describe('frames', () => {
  test.each([1, 2, 7, 1000])('come out as they went in, cut into pieces of %i', (size) => {
    const stream = Buffer.concat(frames.map(encodeFrame));
    const reader = new FrameReader(1000);
    const read: Frame[] = [];
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size));
      read.push(...all(reader));
    }
    expect(read).toEqual(frames);
  });

  test('have bytes in a buffer of their own', () => {
    const reader = new FrameReader(1000);
    reader.push(Buffer.concat(frames.map(encodeFrame)));
    for (const { bytes } of all(reader)) {
      expect(bytes?.buffer.byteLength ?? 0).toBe(bytes?.length ?? 0);
    }
  });

  test('that are longer than they may be are refused by their lengths alone', () => {
    const reader = new FrameReader(10);
    reader.push(encodeFrame({ head: 'x'.repeat(11) }).subarray(0, 8));
    expect(() => reader.next()).toThrow('a frame of 11 bytes, expected at most 10');
  });

  test('cost as much as there is, in however many pieces', () => {
    const stream = encodeFrame({ head: 'x', bytes: new Uint8Array(100_000).fill(7) });
    const reader = new FrameReader(1 << 20);
    for (const byte of stream.subarray(0, -1)) {
      reader.push(Uint8Array.of(byte));
      expect(reader.next()).toBeUndefined();
    }
    reader.push(stream.subarray(-1));
    expect(reader.next()?.bytes?.length).toBe(100_000);
  });
});
