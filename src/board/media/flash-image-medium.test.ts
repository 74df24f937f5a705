import { describe, expect, test } from 'vitest';
import { MemoryFlash, partition } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { FlashImageMedium } from './flash-image-medium.ts';

const SLOT_BYTES = 0x4000;

interface Bench {
  readonly flash: MemoryFlash;
  readonly slots: readonly [Flash, Flash];
}

function bench(writeUnitBytes = 4, filledWith = 0x00): Bench {
  const flash = new MemoryFlash(
    {
      sectors: [{ count: 8, sizeBytes: 0x1000 }],
      writeUnitBytes,
      erasedValue: 0xff,
      timing: { eraseSectorMs: 85, programUnitUs: 41 },
    },
    new Uint8Array(2 * SLOT_BYTES).fill(filledWith),
  );
  const slot = (at: number): Flash => partition(flash, at * SLOT_BYTES, SLOT_BYTES, `slot ${at}`);
  return { flash, slots: [slot(0), slot(1)] };
}

const bytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + 1) & 0xff);

function download(medium: FlashImageMedium, image: Uint8Array, size: number): void {
  medium.begin();
  for (let at = 0; at < image.length; at += size) {
    expect(medium.write(at, image.subarray(at, at + size))).toMatchObject({ status: 'OK' });
  }
  expect(medium.finish()).toMatchObject({ status: 'OK' });
}

describe('a slot as a medium', () => {
  test.each([
    [1, 4],
    [64, 4],
    [100, 16],
    [512, 16],
    [4096, 8],
  ])('takes blocks of %i bytes into flash of %i-byte units', (size, unit) => {
    const { flash, slots } = bench(unit);
    const image = bytes(5001);
    download(new FlashImageMedium({ name: 'slot1_image', area: slots[1] }), image, size);
    expect(slots[1].read(0, image.length)).toEqual(image);
    const rest = slots[1].read(image.length, SLOT_BYTES - image.length);
    expect(rest.every((byte) => byte === 0xff)).toBe(true);
    expect(flash.read(0, SLOT_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  test('fills up to the last byte, and not beyond', () => {
    const { slots } = bench();
    const medium = new FlashImageMedium({ name: 'slot1_image', area: slots[1] });
    const image = bytes(SLOT_BYTES);
    download(medium, image, 4096);
    expect(medium.read(0, SLOT_BYTES)).toEqual(image);
    medium.begin();
    expect(medium.write(0, bytes(SLOT_BYTES + 1))).toMatchObject({ status: 'errADDRESS' });
  });

  test('touches nothing before it must; then the end of the slot goes first', () => {
    const { slots } = bench();
    const medium = new FlashImageMedium({ name: 'slot1_image', area: slots[1] });
    medium.begin();
    expect(medium.write(0, bytes(500))).toEqual({ status: 'OK', busyMs: 0 });
    expect(slots[1].read(0, 4)).toEqual(new Uint8Array(4));
    expect(medium.write(500, bytes(12)).busyMs).toBeGreaterThanOrEqual(2 * 85);
    expect(slots[1].read(SLOT_BYTES - 4, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));
    medium.abort();
    expect(slots[1].read(0x1000, 4)).toEqual(new Uint8Array(4));
  });

  test('is read in pieces; behind the end there is nothing', () => {
    const { slots } = bench(4, 0x5a);
    const medium = new FlashImageMedium({ name: 'slot1_image', area: slots[1] });
    expect(medium.read(SLOT_BYTES - 10, 64)).toEqual(new Uint8Array(10).fill(0x5a));
    expect(medium.read(SLOT_BYTES, 64)).toHaveLength(0);
  });
});

describe('as in Zephyr, by the number of the block', () => {
  test('what is sent goes where flash_img writes, whatever is selected', () => {
    const { slots } = bench();
    const options = { name: 'slot1_image', area: slots[1], uploadArea: slots[0] };
    const { blocks } = new FlashImageMedium(options);
    const image = bytes(700);
    expect(blocks.write(0, image.subarray(0, 512)).status).toBe('OK');
    expect(blocks.write(1, image.subarray(512)).status).toBe('OK');
    expect(blocks.write(2, new Uint8Array(0)).status).toBe('OK');
    expect(slots[0].read(0, 700)).toEqual(image);
    expect(blocks.read(0, 512)).toEqual(new Uint8Array(512));
  });

  test('a number out of order and a read beyond the end are errors', () => {
    const { slots } = bench();
    const { blocks } = new FlashImageMedium({ name: 'slot1_image', area: slots[1] });
    expect(blocks.write(2, bytes(1))).toMatchObject({ status: 'errUNKNOWN' });
    expect(blocks.read(0, SLOT_BYTES)).toHaveLength(SLOT_BYTES);
    expect(blocks.read(1, 1)).toMatchObject({ status: 'errUNKNOWN' });
  });
});
