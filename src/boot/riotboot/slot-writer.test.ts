import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, toHex } from '../../bytes/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import { riotbootImage } from '../../image/index.ts';
import {
  flashWith,
  recordedGeometry,
  recordedLayout,
  recordedPayload,
} from '../../../test/support/riotboot-vectors.ts';
import { chooseSlot, Flashwrite, riotbootLayout, SlotWriter } from './index.ts';
import type { RiotbootLayout, SlotWriterOptions } from './index.ts';

function image(slot: number, version: number, bytes = 1000, layout = recordedLayout): Uint8Array {
  const slotBase = layout.slots[slot]?.address ?? 0;
  return riotbootImage(recordedPayload(bytes), { version, headerLength: 256, slotBase });
}

function put(writer: SlotWriter, bytes: Uint8Array, chunk = 64): void {
  writer.begin();
  for (let at = 0; at < bytes.length; at += chunk) writer.write(bytes.subarray(at, at + chunk));
  writer.finish();
}

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return DfuError.is(error) ? `${error.code} ${error.message}` : String(error);
  }
  return 'none';
}

const geometries: readonly FlashGeometry[] = [1, 2, 4, 8, 16, 32].flatMap((writeUnitBytes) =>
  ([0xff, 0x00] as const).map((erasedValue) => ({
    sectors: [
      { count: 4, sizeBytes: 1024 },
      { count: 3, sizeBytes: 2048 },
    ],
    writeUnitBytes,
    erasedValue,
  })),
);
const small: RiotbootLayout = riotbootLayout({
  romBytes: 0x2800,
  bootloaderBytes: 0x400,
  headerBytes: 256,
  flashBase: 0x1000,
  slotBytes: [0x0c00, 0x1800],
});

describe('a slot writer', () => {
  test('writes what RIOT writes where RIOT writes it right', () => {
    const mine = new MemoryFlash(recordedGeometry);
    const riots = new MemoryFlash(recordedGeometry);
    const whole = image(1, 7, 5000);
    put(new SlotWriter(mine, recordedLayout, 1), whole);
    const riot = new Flashwrite(riots, recordedLayout);
    riot.init(1);
    riot.putBytes(whole.subarray(4), true);
    riot.flush();
    riot.finish();
    expect(toHex(mine.read(0x22000, 0x2000))).toBe(toHex(riots.read(0x22000, 0x2000)));
    expect(mine.wear).toEqual(riots.wear);
  });

  test('puts any image through any pieces, on any flash, again and again', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    const size = fc.integer({ min: 0, max: 0x0b00 });
    const downloads = fc.array(fc.tuple(fc.nat(1), size, pieces), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...geometries), downloads, (geometry, sessions) => {
        const flash = new MemoryFlash(geometry, new Uint8Array(0x2800).fill(0x5a));
        const writers = [0, 1].map((slot) => new SlotWriter(flash, small, slot, { force: true }));
        for (const [round, [slot, bytes, lengths]] of sessions.entries()) {
          const whole = image(slot, round + 1, bytes, small);
          const writer = writers[slot];
          writer?.begin();
          for (let at = 0, turn = 0; at < whole.length; turn += 1) {
            const length = lengths[turn % lengths.length] ?? 1;
            writer?.write(whole.subarray(at, at + length));
            at += length;
          }
          writer?.finish();
          const offsetBytes = small.slots[slot]?.offsetBytes ?? 0;
          expect(toHex(flash.read(offsetBytes, whole.length))).toBe(toHex(whole));
          const choice = chooseSlot(flash, small, { checkStartAddress: true });
          expect([choice?.slot.index, choice?.version]).toEqual([slot, round + 1]);
        }
        expect(flash.read(0, 0x400).every((byte) => byte === 0x5a)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [
      'another magic',
      (bytes: Uint8Array) => bytes.fill(0x58, 0, 4),
      /MALFORMED .*"RIOT".*58585858/,
    ],
    ['a wrong checksum', (bytes: Uint8Array) => bytes.fill(1, 4, 5), /MALFORMED .*checksum/],
    ['another slot', () => image(0, 7), /REFUSED .*0x8022100.*0x8004100, slot 0/],
    ['another chip', () => image(0, 7, 9, small), /REFUSED .*got one for 0x1500$/],
    ['too much', () => image(1, 7, 0x1e000), /OUT_OF_RANGE slot 1 holds 122880 bytes/],
    ['too little', (bytes: Uint8Array) => bytes.subarray(0, 15), /TRUNCATED .*after 15 bytes/],
  ])('refuses %s, and the other slot stays', (_, change, expected) => {
    const flash = flashWith(recordedGeometry, [
      [0x4000, image(0, 6)],
      [0x22000, image(1, 5)],
    ]);
    const writer = new SlotWriter(flash, recordedLayout, 1);
    expect(codeOf(() => put(writer, change(image(1, 7))))).toMatch(expected);
    expect(codeOf(() => writer.write(new Uint8Array(4)))).toMatch(/no image was begun/);
    expect(codeOf(() => writer.finish())).toMatch(/no image was begun/);
    expect(chooseSlot(flash, recordedLayout)).toMatchObject({ version: 6 });
    put(writer, image(1, 8));
    expect(chooseSlot(flash, recordedLayout)).toMatchObject({ version: 8 });
  });

  test.each([7, 64, 4096])('looks at the header before it erases, by %i bytes', (chunk) => {
    const flash = flashWith(recordedGeometry, [
      [0x4000, image(0, 6)],
      [0x22000, image(1, 5)],
    ]);
    codeOf(() => put(new SlotWriter(flash, recordedLayout, 1), image(0, 7), chunk));
    expect(flash.operations).toBe(0);
  });

  test('takes what it is told not to check', () => {
    const flash = new MemoryFlash(recordedGeometry);
    const anything: SlotWriterOptions = { checkHeader: false, checkStartAddress: false };
    put(new SlotWriter(flash, recordedLayout, 1, anything), image(0, 7).fill(0x58, 0, 4));
    expect(chooseSlot(flash, recordedLayout)?.startAddress).toBe(0x08004100);
  });

  test('keeps the only slot that boots unless forced', () => {
    const flash = flashWith(recordedGeometry, [[0x22000, image(1, 5)]]);
    const writer = new SlotWriter(flash, recordedLayout, 1);
    expect(codeOf(() => put(writer, image(1, 7)))).toMatch(/REFUSED slot 1 holds the only image/);
    put(new SlotWriter(flash, recordedLayout, 1, { force: true }), image(1, 7));
    put(new SlotWriter(flash, recordedLayout, 0), image(0, 8));
    put(writer, image(1, 9));
    expect(chooseSlot(flash, recordedLayout)?.version).toBe(9);
    const one = { ...recordedLayout, slots: recordedLayout.slots.slice(0, 1) };
    expect(codeOf(() => put(new SlotWriter(flash, one, 0), image(0, 9)))).toMatch(
      /REFUSED slot 0 is the only one/,
    );
  });

  test('leaves nothing that boots when it is dropped halfway, and can begin again', () => {
    const flash = flashWith(recordedGeometry, [
      [0x4000, image(0, 6)],
      [0x22000, image(1, 9)],
    ]);
    const writer = new SlotWriter(flash, recordedLayout, 1);
    writer.begin();
    writer.write(image(1, 10).subarray(0, 700));
    writer.abort();
    expect(chooseSlot(flash, recordedLayout)?.version).toBe(6);
    put(writer, image(1, 10));
    expect(chooseSlot(flash, recordedLayout)?.version).toBe(10);
  });

  test('has no use for a slot that shares a sector', () => {
    const odd = riotbootLayout({ romBytes: 0x40000, bootloaderBytes: 0x4100, headerBytes: 256 });
    const flash = new MemoryFlash(recordedGeometry);
    expect(codeOf(() => new SlotWriter(flash, odd, 0))).toMatch(/INVALID_ARGUMENT .*0x4100/);
  });
});
