import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { riotbootImage } from '../../image/index.ts';
import {
  flashWith,
  recordedGeometry,
  recordedLayout,
  recordedPayload,
  recordedPlace,
  recordings,
  sha256,
} from '../../../test/support/riotboot-vectors.ts';
import { replayFlashwrite } from '../../../test/support/riotboot/replay-flashwrite.ts';
import { jumpOf } from '../../../test/support/riotboot/replay-selection.ts';
import { chooseSlot, Flashwrite, invalidateLatest, invalidateSlot, verifySha256 } from './index.ts';

const slotBase = (slot: number): number => recordedLayout.slots[slot]?.address ?? 0;

function image(slot: number, version: number, payloadLen: number): Uint8Array {
  const payload = recordedPayload(payloadLen);
  return riotbootImage(payload, { version, headerLength: 256, slotBase: slotBase(slot) });
}

const jump = (flash: Flash): string => jumpOf(flash, recordedPlace);

function download(writer: Flashwrite, bytes: Uint8Array, chunk: number): void {
  for (let at = 4; at < bytes.length; at += chunk) {
    writer.putBytes(bytes.subarray(at, at + chunk), true);
  }
  writer.flush();
  writer.finish();
}

const replayed = replayFlashwrite(recordings, 'flashwrite.json');

describe('flashwrite does what RIOT does', () => {
  test('with every recording', () => {
    const count = (start: RegExp) => replayed.filter(({ name }) => start.test(name)).length;
    expect([/^raw/, /^power cut/, /^invalidate/].map(count)).toEqual([19, 216, 3]);
  });

  test.each(replayed)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('flashwrite', () => {
  test('of pieces that are no write blocks is refused by real flash', () => {
    const writer = new Flashwrite(new MemoryFlash(recordedGeometry), recordedLayout);
    writer.init(1);
    expect(() => download(writer, image(1, 7, 100), 7)).toThrow(/4 bytes at 0x2200b/);
  });

  test('knows no bounds: a long image runs into the next slot', () => {
    const flash = flashWith(recordedGeometry, [[0x22000, image(1, 5, 100)]]);
    const writer = new Flashwrite(flash, recordedLayout);
    writer.init(0);
    writer.putBytes(new Uint8Array(0x1e000), true);
    expect(jump(flash)).toBe('NOBOOT');
    expect(flash.wear.erasesBySector[0x22]).toBe(1);
  });

  test('that was never started finishes slot 0', () => {
    const flash = new MemoryFlash(recordedGeometry);
    const writer = new Flashwrite(flash, recordedLayout);
    writer.flush();
    writer.finish();
    expect(toHex(flash.read(0x4000, 8))).toBe('52494f54ffffffff');
  });

  test('in page mode keeps what stands behind a first block of its own', () => {
    const flash = new MemoryFlash(recordedGeometry);
    const writer = new Flashwrite(flash, recordedLayout, { mode: 'page' });
    writer.initRaw(1, 0);
    writer.putBytes(recordedPayload(5), false);
    writer.finishRaw(Uint8Array.of(1, 2));
    expect(toHex(flash.read(0x22000, 6))).toBe('01021b263100');
    expect(() => writer.finishRaw(new Uint8Array(4097))).toThrow(/at most 4096 bytes, got 4097/);
  });

  test('has no page mode on unequal sectors', () => {
    const sectors = [
      { count: 32, sizeBytes: 4096 },
      { count: 16, sizeBytes: 8192 },
    ];
    const flash = new MemoryFlash({ ...recordedGeometry, sectors });
    expect(() => new Flashwrite(flash, recordedLayout, { mode: 'page' })).toThrow(/equal sectors/);
  });
});

describe('invalidating a slot', () => {
  test.each([
    [8, 9, 0x08004100, 1],
    [9, 8, 0x08004100, 0],
    [9, 9, 0x08022100, 1],
  ])('the latest of %i and %i', (version0, version1, running, expected) => {
    const flash = flashWith(recordedGeometry, [
      [0x4000, image(0, version0, 4)],
      [0x22000, image(1, version1, 4)],
    ]);
    expect(invalidateLatest(flash, recordedLayout, running)).toBe('invalidated');
    expect(chooseSlot(flash, recordedLayout)?.slot.index).toBe(1 - expected);
    expect(invalidateLatest(flash, recordedLayout, slotBase(1 - expected) + 256)).toBe(
      'other-invalid',
    );
    expect(() => invalidateLatest(flash, recordedLayout, 0x1234)).toThrow(/got slot -1/);
  });

  test('never of the only one', () => {
    const flash = flashWith(recordedGeometry, [[0x4000, image(0, 1, 4)]]);
    const one = { ...recordedLayout, slots: recordedLayout.slots.slice(0, 1) };
    expect(invalidateSlot(flash, one, 0)).toBe('only-slot');
    expect(invalidateLatest(flash, one, 0x08004100)).toBe('only-slot');
    expect(flash.operations).toBe(0);
  });
});

describe('the sha256 of a slot', () => {
  const whole = image(1, 7, 1001);
  const digest = fromHex(sha256(whole));

  test.each([
    ['finished', true],
    ['not finished', false],
  ])('is checked when %s', async (_, finished) => {
    const flash = new MemoryFlash(recordedGeometry);
    const writer = new Flashwrite(flash, recordedLayout);
    writer.init(1);
    writer.putBytes(whole.subarray(4), true);
    writer.flush();
    if (finished) writer.finish();
    else flash.program(0x22000, Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    const check = (lengthBytes: number) =>
      verifySha256(flash, recordedLayout, 1, { sha256: digest, lengthBytes });
    expect(await check(whole.length)).toBe('equal');
    expect(await check(whole.length + 1)).toBe('different');
    expect(await check(3)).toBe('too-short');
    await expect(check(0x1e001)).rejects.toThrow(/at most 122880 bytes, got 122881/);
  });
});
