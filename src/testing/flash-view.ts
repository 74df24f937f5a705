import { createHash } from 'node:crypto';
import { ApplicationSide } from '../boot/mcuboot/index.ts';
import type { AreaName, BootConfig, MagicState, SwapType } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { MemoryFlash } from '../flash/index.ts';
import { formatVersion, parseImage, recognise } from '../image/index.ts';
import type { FlagState, ImageHeader, RiotbootHeader } from '../image/index.ts';
import type { BenchOrder } from './order.ts';

/** An image, as it stands in a slot. Nobody has looked whether it would boot. */
export type ImageView =
  | {
      readonly kind: 'mcuboot';
      /** `1.0.0+0`. */
      readonly version: string;
      readonly header: ImageHeader;
      /** Header, program and records: what a signed file has. */
      readonly bytes: Uint8Array;
      /** Of those bytes, in hex. */
      readonly sha256: string;
    }
  | {
      readonly kind: 'riotboot';
      readonly version: number;
      readonly header: RiotbootHeader;
      /** As far as the slot is not erased: the header knows no length. */
      readonly bytes: Uint8Array;
      /** Of those bytes, in hex. */
      readonly sha256: string;
    };

/** What the trailer of a slot says: what is asked of MCUboot, and how far it came. */
export interface TrailerView {
  readonly magic: MagicState;
  readonly imageOk: FlagState;
  readonly copyDone: FlagState;
  readonly swapType: SwapType;
}

/** One slot, as it is in flash. */
export interface SlotView {
  readonly index: number;
  /** Where it begins, as the processor sees it. */
  readonly address: number;
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Undefined where no image stands, or none that can be read. */
  readonly image: ImageView | undefined;
  /** Undefined with a bootloader that knows of none. */
  readonly trailer: TrailerView | undefined;
}

/** The flash of a bench's board, as it was when it was asked for. */
export interface FlashView {
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of all of it, in hex. */
  readonly sha256: string;
  readonly slots: readonly SlotView[];
  /** What the next boot will be asked to do; undefined with a bootloader that swaps nothing. */
  readonly swapType: SwapType | undefined;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes without the erased ones at their end. */
function written(bytes: Uint8Array, erased: number): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === erased) end -= 1;
  return bytes.subarray(0, end);
}

function imageIn(slot: Uint8Array, erased: number): ImageView | undefined {
  const what = recognise(slot);
  if (what.format === 'riotboot' && what.fault === undefined) {
    const bytes = written(slot, erased);
    const { header } = what;
    return { kind: 'riotboot', version: header.version, header, bytes, sha256: sha256(bytes) };
  }
  if (what.format !== 'mcuboot') return undefined;
  try {
    const { header, bytes } = parseImage(slot);
    const version = formatVersion(header.version);
    return { kind: 'mcuboot', version, header, bytes, sha256: sha256(bytes) };
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** Looks at the flash as it is now; what is done to it later changes nothing here. */
export function flashView({ flash, layout, config }: FlashToView): FlashView {
  const copy = flash.fork();
  const side = config && new ApplicationSide(copy, config);
  const { erasedValue } = copy.geometry;
  return {
    get bytes() {
      return copy.read(0, copy.sizeBytes);
    },
    get sha256() {
      return sha256(copy.read(0, copy.sizeBytes));
    },
    get slots() {
      return layout.slots.map((slot) => {
        const { index, address, uploadAddress = address, offsetBytes, sizeBytes } = slot;
        const bytes = copy.read(offsetBytes, sizeBytes);
        return {
          index,
          address,
          bytes,
          get image() {
            return (
              imageIn(bytes, erasedValue) ??
              imageIn(bytes.subarray(uploadAddress - address), erasedValue)
            );
          },
          get trailer() {
            return side && trailerIn(side, index);
          },
        };
      });
    },
    get swapType() {
      return side?.swapType();
    },
  };
}

/** What of a bench is looked at. */
interface FlashToView extends Pick<BenchOrder, 'layout'> {
  readonly flash: MemoryFlash;
  /** What MCUboot is compiled with, where it is the bootloader. */
  readonly config: BootConfig | undefined;
}

function trailerIn(side: ApplicationSide, slot: number): TrailerView {
  const name: AreaName = slot === 0 ? 'primary0' : 'secondary0';
  const { magic, imageOk, copyDone, swapType } = side.state(name);
  return { magic, imageOk, copyDone, swapType };
}
