import { describe, expect, test } from 'vitest';
import { MemoryFlash } from '../../flash/index.ts';
import { ApplicationSide } from './application.ts';
import type { BootOperation } from './area.ts';
import type { BootConfig } from './config.ts';

const config: BootConfig = {
  algorithm: 'swap-using-move',
  images: [0, 1].map((n) => ({
    primary: { offsetBytes: n * 0x8000, sizeBytes: 0x4000 },
    secondary: { offsetBytes: n * 0x8000 + 0x4000, sizeBytes: 0x4000 },
  })),
};

function device(writeUnitBytes = 4, more: Partial<BootConfig> = {}) {
  const sectors = [{ sizeBytes: 4096, count: 16 }];
  const flash = new MemoryFlash({ sectors, writeUnitBytes, erasedValue: 0xff });
  const operations: string[] = [];
  const note = ({ kind, area, offsetBytes, lengthBytes }: BootOperation): void =>
    void operations.push(`${kind} ${area} ${offsetBytes.toString(16)} ${lengthBytes}`);
  return { flash, operations, side: new ApplicationSide(flash, { ...config, ...more }, note) };
}

describe('the application', () => {
  test('asks for a test swap with magic and swap_info', () => {
    const { side, operations } = device();
    expect([side.swapType(), side.setPending(), side.swapType()]).toEqual(['none', 0, 'test']);
    expect(operations).toEqual(['write secondary0 3ff0 16', 'write secondary0 3fd8 4']);
  });

  test('asks only once', () => {
    const { side, operations } = device();
    side.setPending();
    expect(side.setPending({ permanent: true })).toBe(0);
    expect([side.swapType(), operations.length]).toEqual(['test', 2]);
  });

  test('asks for good with image_ok, for the second image in its number', () => {
    const { side } = device();
    side.setPending({ image: 1, permanent: true });
    expect(side.swapType(1)).toBe('perm');
    expect(side.state('secondary1')).toMatchObject({ imageOk: 'set', imageNumber: 1 });
  });

  test('pads its writes to the write unit, the magic to the alignment', () => {
    const { side, operations } = device(32, { maxAlign: 32, maxImgSectors: 4 });
    side.setPending({ permanent: true });
    expect(operations).toEqual([
      'write secondary0 3fe0 32',
      'write secondary0 3fc0 32',
      'write secondary0 3f80 32',
    ]);
  });

  test('confirms what has a trailer; without one there is nothing to say', () => {
    const { side, operations } = device();
    expect([side.setConfirmed(), operations, side.isConfirmed()]).toEqual([0, [], true]);
    side.setNext('primary0', { confirm: false });
    expect(side.isConfirmed()).toBe(false);
    expect([side.setConfirmed(), side.isConfirmed()]).toEqual([0, true]);
  });

  test('gets MCUboot’s error codes for a damaged magic', () => {
    const { flash, side, operations } = device();
    flash.program(0x7ff0, new Uint8Array(16).fill(0x55));
    flash.program(0x3ff0, new Uint8Array(16).fill(0x55));
    expect([side.setPending(), side.setConfirmed(), operations]).toEqual([3, 4, []]);
  });

  test('marks what direct-xip runs with copy_done as well', () => {
    const { side } = device(4, { algorithm: 'direct-xip', revert: true });
    expect(side.setNext('secondary0', { confirm: true })).toBe(0);
    expect(side.state('secondary0')).toMatchObject({ copyDone: 'set', imageOk: 'set' });
  });

  test('erases a slot sector by sector', () => {
    const { side, operations } = device();
    side.eraseImageBank('secondary1');
    const offsets = ['0', '1000', '2000', '3000'];
    expect(operations).toEqual(offsets.map((at) => `erase secondary1 ${at} 4096`));
  });

  test('hears which areas there are', () => {
    const { side } = device();
    expect(() => side.eraseImageBank('secondary2')).toThrow(
      /no area secondary2, only primary0, secondary0, primary1, secondary1/,
    );
  });
});

describe('a configuration', () => {
  const open = (more: Partial<BootConfig>, unit = 4): unknown =>
    device(unit, more).side.state('primary0');

  test.each([
    ['an alignment below the write unit', {}, 16, /at least the write unit of 16, got 8/],
    ['no room for sectors', { maxImgSectors: 0 }, 4, /maximum sectors: expected 1 or more, got 0/],
    ['no image', { images: [] }, 4, /at least one pair of slots/],
    [
      'an area that is not whole sectors',
      {
        images: [
          {
            primary: { offsetBytes: 0x100, sizeBytes: 0x4000 },
            secondary: { offsetBytes: 0x4000, sizeBytes: 0x4000 },
          },
        ],
      },
      4,
      /area primary0 \(0x100, 16384 bytes\) must consist of whole sectors/,
    ],
  ] as const)('with %s is refused', (_, more, unit, words) => {
    expect(() => open(more, unit)).toThrow(words);
  });
});
