import { DfuError, viewOf } from '../../bytes/index.ts';
import { FLAG_SET, alignUp, trailerMagic } from '../../image/index.ts';
import type { AreaSource } from './area.ts';
import { Area } from './area.ts';
import type { Build } from './config.ts';
import type { TrailerLayout } from './trailer-layout.ts';
import { trailerLayout } from './trailer-layout.ts';
import type { SwapState, SwapType } from './trailer.ts';
import { encodeSwapInfo, readSwapState } from './trailer.ts';

/** An area that ends in a trailer: a slot, or the scratch area. */
export class TrailerArea extends Area {
  readonly layout: TrailerLayout;
  readonly #maxAlign: number;

  constructor(source: AreaSource, build: Build) {
    super(source);
    const { sizeBytes, writeUnitBytes } = this;
    if (writeUnitBytes > build.maxAlign) {
      const words = `expected at least the write unit of ${writeUnitBytes}, got ${build.maxAlign}`;
      throw new DfuError('INVALID_ARGUMENT', `area ${source.name}: maximum alignment: ${words}`);
    }
    const scratch = source.name === 'scratch';
    this.layout = trailerLayout(build.shape, { sizeBytes, writeUnitBytes, scratch });
    this.#maxAlign = build.maxAlign;
  }

  /** What the trailer says. */
  state(): SwapState {
    return readSwapState(this, this.layout, this.#maxAlign);
  }

  /** Bytes that both updates touched by a swap have, as noted when it began. */
  swapSize(): number {
    return viewOf(this.read(this.layout.swapSize, 4)).getUint32(0, true);
  }

  /** Unprotected TLV bytes of the primary and the secondary image, as noted when a swap began. */
  tlvSizes(): readonly [number, number] {
    const view = viewOf(this.read(this.layout.tlvSizes ?? this.layout.swapSize, 4));
    return [view.getUint16(0, true), view.getUint16(2, true)];
  }

  /** The magic goes in as one block, padded at its front to the alignment. */
  writeMagic(): void {
    const block = new Uint8Array(this.sizeBytes - this.layout.magicBlock).fill(this.erasedValue);
    const magic = trailerMagic(this.#maxAlign);
    block.set(magic, block.length - magic.length);
    this.write(this.layout.magicBlock, block);
  }

  writeImageOk(): void {
    this.#writeField(this.layout.imageOk, Uint8Array.of(FLAG_SET));
  }

  writeCopyDone(): void {
    this.#writeField(this.layout.copyDone, Uint8Array.of(FLAG_SET));
  }

  writeSwapInfo(swapType: SwapType, imageNumber: number): void {
    this.#writeField(this.layout.swapInfo, Uint8Array.of(encodeSwapInfo(swapType, imageNumber)));
  }

  writeSwapSize(bytes: number): void {
    const field = new Uint8Array(4);
    viewOf(field).setUint32(0, bytes, true);
    this.#writeField(this.layout.swapSize, field);
  }

  writeTlvSizes([primary, secondary]: readonly [number, number]): void {
    if (this.layout.tlvSizes === undefined) return;
    const field = new Uint8Array(4);
    viewOf(field).setUint16(0, primary, true);
    viewOf(field).setUint16(2, secondary, true);
    this.#writeField(this.layout.tlvSizes, field);
  }

  /** Saves what is needed to decrypt the images when a cut swap goes on; 0xff where there is nothing. */
  writeKeys(keys: readonly [Uint8Array | undefined, Uint8Array | undefined]): void {
    this.layout.keys?.forEach((offset, slot) => {
      const field = new Uint8Array(this.layout.keyBytes).fill(0xff);
      field.set(keys[slot] ?? []);
      this.write(offset, field);
    });
  }

  /** What was saved for a slot, or undefined if there is nothing but 0xff. */
  readKey(slot: 0 | 1): Uint8Array<ArrayBuffer> | undefined {
    const offset = this.layout.keys?.[slot];
    if (offset === undefined) return undefined;
    const field = this.read(offset, this.layout.keyBytes);
    return field.every((byte) => byte === 0xff) ? undefined : field;
  }

  /** Writes one entry of the swap status: its state number, in one write unit. */
  writeStatus(offsetBytes: number, value: number): void {
    const unit = new Uint8Array(this.writeUnitBytes).fill(this.erasedValue);
    unit[0] = value;
    this.write(this.layout.status + offsetBytes, unit);
  }

  /** Start of the lowest sector that holds a part of the trailer. */
  trailerSectorOffset(): number {
    return this.sectorAt(this.sizeBytes - this.layout.trailerBytes).offsetBytes;
  }

  /** Erases the sectors of the trailer, the last one first. */
  eraseTrailer(): void {
    const from = this.trailerSectorOffset();
    this.erase(from, this.sizeBytes - from, 'down');
  }

  #writeField(offset: number, value: Uint8Array): void {
    const field = new Uint8Array(alignUp(value.length, this.writeUnitBytes)).fill(this.erasedValue);
    field.set(value);
    this.write(offset, field);
  }
}
