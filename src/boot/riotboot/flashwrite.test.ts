import { describe, expect, test } from 'vitest';
import { fromHex, hexNumber, toHex } from '../../bytes/index.ts';
import { explorePowerCuts, MemoryFlash } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import { riotbootImage } from '../../image/index.ts';
import {
  flashWith,
  readVectorFile,
  readVectors,
  recordedGeometry,
  recordedLayout,
  recordedPayload,
  RecordingFlash,
  sha256,
} from '../../../test/support/riotboot-vectors.ts';
import { chooseSlot, Flashwrite, invalidateLatest, invalidateSlot, verifySha256 } from './index.ts';

interface Vectors {
  readonly writes: readonly {
    readonly raw: boolean;
    readonly payloadLen: number;
    readonly version: number;
    readonly slot: number;
    readonly chunk: number;
    readonly opCount: number;
    readonly ops: readonly string[];
    readonly opsSha256: string;
    readonly slotFirst16K: string;
    readonly slotSha256: string;
    readonly imageIntact: boolean;
    readonly afterImageHex: string;
  }[];
  readonly powerCut: { readonly rows: readonly (readonly [number, string, string])[] };
  readonly invalidate: readonly {
    readonly name: string;
    readonly slot: number;
    readonly out: readonly string[];
    readonly slot0Hex: string;
    readonly slot1Hex: string;
  }[];
}

const vectors = readVectors('flashwrite.json') as Vectors;
const slotBase = (slot: number): number => recordedLayout.slots[slot]?.address ?? 0;

function image(slot: number, version: number, payloadLen: number): Uint8Array {
  const payload = recordedPayload(payloadLen);
  return riotbootImage(payload, { version, headerLength: 256, slotBase: slotBase(slot) });
}

function jump(flash: Flash): string {
  const choice = chooseSlot(flash, recordedLayout);
  return choice === undefined ? 'NOBOOT' : `JUMP ${hexNumber(choice.startAddress, 8)}`;
}

function download(writer: Flashwrite, bytes: Uint8Array, chunk: number): void {
  for (let at = 4; at < bytes.length; at += chunk) {
    writer.putBytes(bytes.subarray(at, at + chunk), true);
  }
  writer.flush();
  writer.finish();
}

describe('flashwrite does what RIOT does', () => {
  test.each(vectors.writes)('raw $raw, $payloadLen bytes by $chunk', (vector) => {
    const flash = new RecordingFlash({ pages: !vector.raw });
    // What stood in the slot when the recordings were made.
    flash.slot(vector.slot).fill(0xaa, 0, 3 * 4096);
    const writer = new Flashwrite(flash, recordedLayout, { mode: vector.raw ? 'raw' : 'page' });
    const whole = image(vector.slot, vector.version, vector.payloadLen);
    writer.init(vector.slot);
    download(writer, whole, vector.chunk);
    const slot = flash.slot(vector.slot);
    expect(flash.lines.slice(0, 20)).toEqual(vector.ops.slice(0, 20));
    expect(flash.lines.at(-1)).toBe(vector.ops.at(-1));
    expect(flash.lines.length).toBe(vector.opCount);
    expect(sha256(flash.lines.join('\n'))).toBe(vector.opsSha256);
    expect(sha256(slot.subarray(0, 0x4000))).toBe(vector.slotSha256);
    expect(toHex(slot.subarray(0, 0x4000))).toBe(toHex(readVectorFile(vector.slotFirst16K)));
    expect(toHex(slot.subarray(0, whole.length)) === toHex(whole)).toBe(vector.imageIntact);
    expect(toHex(slot.subarray(whole.length, whole.length + 8))).toBe(vector.afterImageHex);
  });

  test('at each power cut', () => {
    const flash = flashWith(recordedGeometry, [
      [0x4000, image(0, 6, 100)],
      [0x22000, image(1, 5, 100)],
    ]);
    const writer = new Flashwrite(flash, recordedLayout);
    const rows: [number, string, string][] = [];
    explorePowerCuts(
      flash,
      () => {
        writer.init(1);
        download(writer, image(1, 7, 600), 64);
      },
      ({ kind, flash: left }) => {
        if (kind !== 'clean') return;
        const dump = sha256(left.read(0, left.sizeBytes)).slice(0, 32);
        rows.push([rows.length, jump(left), dump]);
      },
    );
    expect(rows).toEqual(vectors.powerCut.rows);
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
  test.each(vectors.invalidate)('$name', ({ slot, out, slot0Hex, slot1Hex }) => {
    const old = ['52494f540100000000410008a2e67ee7', '52494f540200000000210208a5c684a7'];
    const flash = new RecordingFlash();
    // An invalid header as the recording left it; one that it overwrote, as it was before.
    for (const [index, hex] of [slot0Hex, slot1Hex].entries()) {
      const before = index === slot && out.includes('RC 0') ? (old[index] ?? '') : hex;
      flash.slot(index).set(fromHex(before));
    }
    flash.lines.length = 0;
    const result = invalidateSlot(flash, recordedLayout, slot);
    const code = { invalidated: 0, 'only-slot': -1, 'other-invalid': -2 }[result];
    const lines = flash.lines.filter((line) => line.startsWith('W'));
    expect([...lines, `RC ${code}`, jump(flash)]).toEqual(out);
    expect(toHex(flash.slot(0).subarray(0, 16))).toBe(slot0Hex);
    expect(toHex(flash.slot(1).subarray(0, 16))).toBe(slot1Hex);
  });

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
