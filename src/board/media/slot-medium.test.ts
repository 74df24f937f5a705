import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import { chooseSlot, riotbootLayout } from '../../boot/riotboot/index.ts';
import type { Medium, MediumResult } from '../../device/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import { riotbootImage } from '../../image/index.ts';
import {
  flashWith,
  readVectors,
  recordedLayout,
  recordedPayload,
  RecordingFlash,
  sha256,
} from '../../../test/support/riotboot-vectors.ts';
import { originalSlotMedia, slotMedia } from './slot-medium.ts';

/** nRF52840: 85 ms to erase a page, 41 µs to write a word. */
const geometry: FlashGeometry = {
  sectors: [{ count: 256, sizeBytes: 4096 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
  timing: { eraseSectorMs: 85, programUnitUs: 41 },
};
const layout = riotbootLayout({ romBytes: 0x100000, bootloaderBytes: 0x4000, headerBytes: 0x400 });

function image(slot: number, version: number, bytes = 3000): Uint8Array {
  const slotBase = layout.slots[slot]?.address ?? 0;
  return riotbootImage(recordedPayload(bytes), { version, headerLength: 0x400, slotBase });
}

function download(medium: Medium, bytes: Uint8Array, block = 64): MediumResult {
  let result = medium.begin();
  for (let at = 0; at < bytes.length && result.status === 'OK'; at += block) {
    result = medium.write(at, bytes.subarray(at, at + block));
  }
  return result.status === 'OK' ? medium.finish(bytes.length) : result;
}

function pair(media: readonly Medium[]): [Medium, Medium] {
  const [slot0, slot1] = media;
  if (slot0 === undefined || slot1 === undefined) throw new Error('expected two slots');
  return [slot0, slot1];
}

describe('slots as media', () => {
  test('are what dfu-util lists', () => {
    const media = slotMedia(new MemoryFlash(geometry), layout);
    expect(media.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['RIOT-OS Slot 0', 0x7e000],
      ['RIOT-OS Slot 1', 0x7e000],
    ]);
    expect(media.map(({ readable, writable }) => [readable, writable])).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  test('take an image each, one after the other, and boot the newer', () => {
    const flash = new MemoryFlash(geometry);
    const finished: number[][] = [];
    const options = { onFinished: (...what: number[]) => finished.push(what) };
    const [slot0, slot1] = pair(slotMedia(flash, layout, options));
    expect(download(slot0, image(0, 1))).toMatchObject({ status: 'OK' });
    expect(chooseSlot(flash, layout)?.version).toBe(1);
    expect(download(slot1, image(1, 2))).toMatchObject({ status: 'OK' });
    expect(chooseSlot(flash, layout)?.version).toBe(2);
    expect(download(slot0, image(0, 3))).toMatchObject({ status: 'OK' });
    expect(chooseSlot(flash, layout)?.version).toBe(3);
    expect(finished).toEqual([
      [0, 4024],
      [1, 4024],
      [0, 4024],
    ]);
  });

  test.each([
    ['no image', recordedPayload(500), 'errFILE', /expected an image that begins with "RIOT"/],
    ['a damaged header', image(1, 7).fill(9, 5, 6), 'errFILE', /header checksum/],
    ['an image for slot 0', image(0, 7), 'errTARGET', /0x82400, got one for 0x4400, slot 0/],
    ['an image too long', image(1, 7, 0x7e000), 'errADDRESS', /slot 1 holds 516096 bytes/],
    ['half a header', image(1, 7).subarray(0, 12), 'errNOTDONE', /after 12 bytes/],
  ])('refuse %s', (_, bytes, status, reason) => {
    const flash = flashWith(geometry, [
      [0x4000, image(0, 5)],
      [0x82000, image(1, 6)],
    ]);
    const [, slot1] = pair(slotMedia(flash, layout));
    expect(download(slot1, bytes, 4096)).toMatchObject({
      status,
      reason: expect.stringMatching(reason) as string,
    });
    expect(chooseSlot(flash, layout)).toBeDefined();
    expect(download(slot1, image(1, 7))).toMatchObject({ status: 'OK' });
  });

  test('refuse to overwrite the only slot that boots, with a reason, unless forced', () => {
    const flash = flashWith(geometry, [[0x4000, image(0, 5)]]);
    const [slot0] = pair(slotMedia(flash, layout));
    expect(download(slot0, image(0, 6))).toMatchObject({
      status: 'errVENDOR',
      reason: expect.stringMatching(/slot 0 holds the only image that boots/) as string,
    });
    const [forced] = pair(slotMedia(flash, layout, { force: true }));
    expect(download(forced, image(0, 6))).toMatchObject({ status: 'OK' });
  });

  test('say when a header has come', () => {
    const [slot0] = pair(slotMedia(new MemoryFlash(geometry), layout));
    expect([slot0.complete?.(15), slot0.complete?.(16)]).toEqual([false, true]);
  });

  test('do not lose their place', () => {
    const [slot0] = pair(slotMedia(new MemoryFlash(geometry), layout));
    slot0.begin();
    expect(slot0.write(0, image(0, 1).subarray(0, 64)).status).toBe('OK');
    expect(slot0.write(128, new Uint8Array(64))).toMatchObject({
      status: 'errADDRESS',
      reason: 'RIOT-OS Slot 0: expected bytes from offset 64, got 128',
    });
    slot0.begin();
    slot0.write(0, image(0, 1).subarray(0, 64));
    expect(slot0.finish(65).status).toBe('errNOTDONE');
  });

  test('leave an aborted slot without an image, and take the next download', () => {
    const flash = flashWith(geometry, [
      [0x4000, image(0, 5)],
      [0x82000, image(1, 6)],
    ]);
    const [, slot1] = pair(slotMedia(flash, layout));
    slot1.begin();
    slot1.write(0, image(1, 7).subarray(0, 2048));
    slot1.abort();
    expect(chooseSlot(flash, layout)?.version).toBe(5);
    expect(download(slot1, image(1, 7))).toMatchObject({ status: 'OK' });
    expect(chooseSlot(flash, layout)?.version).toBe(7);
  });

  test('are busy as long as the flash is, to the millisecond over the whole download', () => {
    const flash = new MemoryFlash(geometry);
    const [slot0] = pair(slotMedia(flash, layout));
    const bytes = image(0, 1, 10_000);
    const times = [slot0.begin().busyMs];
    for (let at = 0; at < bytes.length; at += 64) {
      times.push(slot0.write(at, bytes.subarray(at, at + 64)).busyMs);
    }
    times.push(slot0.finish(bytes.length).busyMs);
    // A block is 16 words of 41 µs: less than a millisecond, which adds up to one now and then.
    expect(times.slice(0, 5)).toEqual([0, 85, 1, 0, 1]);
    expect(times.every((time) => Number.isInteger(time))).toBe(true);
    const total = times.reduce((sum, time) => sum + time, 0);
    const exactMs = 3 * 85 + (bytes.length / 4) * 0.041;
    expect(exactMs - total).toBeGreaterThanOrEqual(0);
    expect(exactMs - total).toBeLessThan(1);
  });

  test('can be read where that is wanted', () => {
    const flash = flashWith(geometry, [[0x4000, image(0, 5)]]);
    const [closed] = pair(slotMedia(flash, layout));
    expect(closed.read(0, 4)).toMatchObject({ status: 'errVENDOR' });
    const [open] = pair(slotMedia(flash, layout, { readable: true }));
    expect(open.read(0, 4)).toEqual(new TextEncoder().encode('RIOT'));
    expect(open.read(0x7dfff, 64)).toHaveLength(1);
    expect(open.read(0x7e000, 64)).toHaveLength(0);
    expect(open.read(0x7e001, 64)).toMatchObject({ status: 'errADDRESS' });
  });

  test('throw when the power is lost: nobody is left to answer', () => {
    const flash = new MemoryFlash(geometry);
    const [slot0] = pair(slotMedia(flash, layout));
    flash.cutPowerAt(20);
    expect(() => download(slot0, image(0, 1))).toThrow(/power was cut at operation 20/);
  });
});

interface Trace {
  readonly name: string;
  readonly slot0Sha256: string;
  readonly slot1Sha256: string;
  readonly steps: readonly {
    readonly bmRequestType: number;
    readonly bRequest: number;
    readonly wValue: number;
    readonly wLength: number;
    readonly dataHex?: string | undefined;
    readonly result: readonly string[];
  }[];
}

const { traces } = readVectors('dfu-control.json') as { readonly traces: readonly Trace[] };
const SET_INTERFACE = 11;
const DFU_DNLOAD = 1;

describe('slots as RIOT has them', () => {
  test.each(traces)('$name', (trace) => {
    const flash = new RecordingFlash();
    const media = originalSlotMedia(flash, recordedLayout);
    let medium: Medium | undefined;
    for (const step of trace.steps) {
      flash.lines.length = 0;
      let outcome = 'RESP ack';
      if (step.bmRequestType === 1 && step.bRequest === SET_INTERFACE) medium = media[step.wValue];
      if (step.bmRequestType === 0x21 && step.bRequest === DFU_DNLOAD && medium !== undefined) {
        const result =
          step.wLength === 0 ? medium.finish(0) : medium.write(0, fromHex(step.dataHex ?? ''));
        if (result.status !== 'OK') outcome = 'RESP stall';
      }
      const operations = step.result.filter((line) => /^[EW] /.test(line));
      expect(flash.lines).toEqual(operations);
      // A reboot is no answer.
      const answer = step.result.find((line) => line.startsWith('RESP')) ?? outcome;
      expect(answer.slice(0, outcome.length)).toBe(outcome);
    }
    expect([sha256(flash.slot(0)), sha256(flash.slot(1))]).toEqual([
      trace.slot0Sha256,
      trace.slot1Sha256,
    ]);
  });

  test('write a second download behind the first, into its slot, with its magic', () => {
    const flash = new MemoryFlash(geometry);
    const finished: number[] = [];
    const [slot0, slot1] = pair(
      originalSlotMedia(flash, layout, { onFinished: (slot) => finished.push(slot) }),
    );
    expect(download(slot0, image(0, 1)).status).toBe('OK');
    const end = 0x4000 + image(0, 1).length;
    expect(download(slot1, image(1, 2)).status).toBe('OK');
    expect(flash.read(end, 100)).toEqual(new Uint8Array(image(1, 2).subarray(0, 100)));
    expect(chooseSlot(flash, layout)?.version).toBe(1);
    expect(finished).toEqual([0, 0]);
  });

  test('check neither magic nor address nor slot', () => {
    const flash = flashWith(geometry, [[0x82000, image(1, 1)]]);
    const [, slot1] = pair(originalSlotMedia(flash, layout));
    expect(download(slot1, image(0, 9).fill(0x58, 0, 4)).status).toBe('OK');
    expect(chooseSlot(flash, layout)?.startAddress).toBe(0x4400);
  });

  test('run into the next slot, and stop at the end of the flash', () => {
    const flash = flashWith(geometry, [[0x82000, image(1, 1)]]);
    const [slot0] = pair(originalSlotMedia(flash, layout));
    expect(slot0.sizeBytes).toBe(0xfc000);
    expect(download(slot0, new Uint8Array(0x7f000), 4096).status).toBe('OK');
    expect(chooseSlot(flash, layout)).toBeUndefined();
    const [, slot1] = pair(originalSlotMedia(flash, layout));
    expect(download(slot1, new Uint8Array(0x7f000), 4096)).toMatchObject({ status: 'errADDRESS' });
  });
});
