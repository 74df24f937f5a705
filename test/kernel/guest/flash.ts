import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { FLASH_BYTES, SLOT_BYTES, SLOT_OFFSETS, imageFile } from './images.ts';
import type { ImageName } from './images.ts';

/** Path of an image. */
export function imagePath(name: ImageName): string {
  return `${process.env['IMAGES']}/${imageFile(name)}`;
}

/** A file for `--flash` that holds these images, and nothing else. */
export function flashHolding(bench: Bench, ...held: readonly ImageName[]): string {
  const flash = Buffer.alloc(FLASH_BYTES, 0xff);
  for (const name of held) readFileSync(imagePath(name)).copy(flash, SLOT_OFFSETS[name.slot]);
  const path = bench.path('flash.bin');
  writeFileSync(path, flash);
  return path;
}

/** The flash must hold exactly this image at the start of its slot. */
export function assertSlotHolds(flash: string, name: ImageName): void {
  const image = readFileSync(imagePath(name));
  const offset = SLOT_OFFSETS[name.slot];
  const slot = readFileSync(flash).subarray(offset, offset + image.length);
  assert.ok(slot.equals(image), `slot ${name.slot} holds ${imageFile(name)}`);
}

/** Nothing of the slot may differ from what an erased flash or this file held. */
export function slotBytes(flash: string, slot: 0 | 1): Buffer {
  const offset = SLOT_OFFSETS[slot];
  return readFileSync(flash).subarray(offset, offset + SLOT_BYTES);
}

/** What makes a slot bootable. */
export const MAGIC = 'RIOT';

/** The first four bytes of a slot as text. */
export function slotMagic(flash: string, slot: 0 | 1): string {
  return slotBytes(flash, slot).subarray(0, 4).toString('latin1');
}
