import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PartReader } from './part-reader.ts';

describe('the part reader', () => {
  test('cuts the same parts, however the stream is cut', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lengths, cuts, fc.nat(5), (parts, chunks, pauseEvery) => {
        const total = parts.reduce((sum, length) => sum + length, 0);
        const stream = Uint8Array.from({ length: total }, (_, at) => at & 0xff);
        const got: Uint8Array[] = [];
        const reader = new PartReader();
        reader.start(parts[0] ?? 0, (part) => {
          got.push(part.slice());
          if (pauseEvery > 0 && got.length % pauseEvery === 0) reader.pause();
          return parts[got.length] ?? 0;
        });
        let at = 0;
        for (let turn = 0; at < total; turn += 1) {
          const length = chunks[turn % chunks.length] ?? 1;
          reader.push(stream.subarray(at, at + length));
          at += length;
          while (reader.paused) reader.resume();
        }
        expect(got.map((part) => part.length)).toEqual(parts);
        expect(Buffer.concat(got)).toEqual(Buffer.from(stream));
      }),
    );
  });

  test('gives a view of what came where it can', () => {
    const chunk = Uint8Array.of(1, 2, 3, 4, 5);
    const got: Uint8Array[] = [];
    const reader = new PartReader();
    reader.start(2, (part) => {
      got.push(part);
      return 3;
    });
    reader.push(chunk);
    expect(got.map((part) => part.buffer === chunk.buffer)).toEqual([true, true]);
    expect(got[1]).toEqual(Uint8Array.of(3, 4, 5));
  });

  test('takes nothing while paused, and keeps what came', () => {
    const got: number[] = [];
    const reader = new PartReader();
    reader.start(1, ([byte = 0]) => {
      got.push(byte);
      reader.pause();
      return 1;
    });
    reader.push(Uint8Array.of(1, 2));
    reader.push(Uint8Array.of(3));
    expect(got).toEqual([1]);
    reader.resume();
    reader.resume();
    expect(got).toEqual([1, 2, 3]);
  });
});
