import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockSource } from './block-source.ts';
import type { BlockSource } from './block-source.ts';

async function blocks(source: BlockSource): Promise<number[][]> {
  const found: number[][] = [];
  for (;;) {
    const block = await source.next();
    if (block.length === 0) return found;
    found.push([...block]);
  }
}

async function* later(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
}

test('blocks do not depend on the pieces that the bytes come in', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 9 }), async (all, size) => {
      const whole = Uint8Array.from(all.flatMap((piece) => [...piece]));
      const expected: number[][] = [];
      for (let at = 0; at < whole.length; at += size) {
        expected.push([...whole.subarray(at, at + size)]);
      }
      expect(await blocks(blockSource(whole, size))).toEqual(expected);
      expect(await blocks(blockSource(all, size))).toEqual(expected);
      expect(await blocks(blockSource(later(all), size))).toEqual(expected);
    }),
  );
});

test('a block that lies in one piece is a view of it', async () => {
  const piece = new Uint8Array(10);
  for (const source of [blockSource(piece, 4), blockSource([piece], 4)]) {
    const block = await source.next();
    expect(block.buffer).toBe(piece.buffer);
    expect(block).toHaveLength(4);
  }
});

test('closing ends what the pieces come from, once', async () => {
  let ended = 0;
  function* pieces(): Generator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(1);
    } finally {
      ended += 1;
    }
  }
  const source = blockSource(pieces(), 4);
  await source.next();
  await source.close();
  await source.close();
  expect(ended).toBe(1);
});
