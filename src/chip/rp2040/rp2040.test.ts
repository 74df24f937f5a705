import { expect, test } from 'vitest';
import { bench, dfu, download, rp2040Image } from '../../../test/support/machine/rp2040-bench.ts';

test('a DFU device in machine code takes 16 KiB into its flash and gives them back', () => {
  const board = bench({ 0: rp2040Image('dfu') });
  board.start('power-on');
  board.run(50e6);
  expect(board.text).toMatch(/^fixture up/);
  expect(board.attached).toBe(1);

  const image = Uint8Array.from({ length: 0x4000 }, (_, n) => (n * 7) ^ (n >> 8));
  download(board, image);
  expect(board.flash.subarray(0x40000, 0x44000)).toEqual(image);
  expect(board.operations.filter((each) => each.startsWith('erase'))).toEqual(
    [0, 1, 2, 3].map((n) => `erase 4${n}000+1000`),
  );
  expect(board.send(dfu.upload(0, 1024))).toMatchObject({
    end: 'in',
    bytes: image.subarray(0, 1024),
  });
  // 4 sectors of 45 ms, 64 pages of 0.4 ms.
  expect(board.chip.nowNs).toBeGreaterThan(200e6);
});
