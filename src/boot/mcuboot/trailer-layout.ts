import { DfuError } from '../../bytes/index.ts';
import { TRAILER_MAGIC_BYTES, alignUp, trailerFlags, trailerInfoBytes } from '../../image/index.ts';
import type { MaxAlign, TrailerFlags } from '../../image/index.ts';

/** How images are exchanged; the values are MCUboot's own words for its upgrade modes. */
export type Algorithm =
  | 'swap-using-move'
  | 'swap-using-offset'
  | 'swap-using-scratch'
  | 'overwrite-only'
  | 'direct-xip'
  | 'ram-load';

/** The algorithms that bring an image into the primary slot. */
export const copyingAlgorithms: readonly Algorithm[] = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
];

/** All of MCUboot's algorithms. */
export const algorithms: readonly Algorithm[] = [...copyingAlgorithms, 'direct-xip', 'ram-load'];

/** An algorithm, and whether an image that runs in place and was not confirmed is given up. */
export interface NamedAlgorithm {
  readonly algorithm: Algorithm;
  readonly revert: boolean;
}

/**
 * The algorithm of a name: MCUboot's own word, the word without `swap-using-`, `overwrite`; with `+revert` or
 * `-with-revert` behind it, which counts where images run in place. Undefined for any other.
 */
export function algorithmNamed(text: string): NamedAlgorithm | undefined {
  const name = text.trim().toLowerCase().replaceAll('_', '-');
  const plain = name.replace(/(\+|-with-)revert$/, '');
  const long = plain === 'overwrite' ? 'overwrite-only' : plain;
  const algorithm = algorithms.find((each) => each === long || each === `swap-using-${long}`);
  const revert = plain !== name;
  return algorithm === undefined ? undefined : { algorithm, revert };
}

/** What of a build decides where a trailer's fields lie. */
export interface TrailerShape {
  readonly algorithm: Algorithm;
  /** BOOT_MAX_ALIGN: distance between the fields, in bytes. */
  readonly maxAlign: MaxAlign;
  /** MCUBOOT_MAX_IMG_SECTORS: sectors that the status area has room for. */
  readonly maxImgSectors: number;
  /** Bytes kept for the key of one slot, before alignment; 0 without encryption. */
  readonly keyBytes?: number | undefined;
}

/** Where the fields lie, in bytes from the start of the area that the trailer ends. */
export interface TrailerLayout extends TrailerFlags {
  /** The 16 bytes of the magic, always last. */
  readonly magic: number;
  /** The block that is written to set the magic: from here to the end of the area. */
  readonly magicBlock: number;
  /** Sizes of both unprotected TLV areas; swap using offset only. */
  readonly tlvSizes: number | undefined;
  readonly swapSize: number;
  /** Saved key of the primary, then of the secondary image; undefined without encryption. */
  readonly keys: readonly [number, number] | undefined;
  /** Bytes of one saved key, aligned; 0 without encryption. */
  readonly keyBytes: number;
  /** First byte of the swap status, and of the trailer. */
  readonly status: number;
  readonly statusBytes: number;
  readonly trailerBytes: number;
}

/** Status entries of one sector or group: swap using offset has two states, the others three. */
function statusStates(algorithm: Algorithm): number {
  return algorithm === 'swap-using-offset' ? 2 : 3;
}

function infoBytes({ algorithm, maxAlign, keyBytes }: TrailerShape): number {
  return trailerInfoBytes({
    maxAlign,
    fields: algorithm === 'swap-using-offset' ? 5 : 4,
    keyBytes,
  });
}

/** Bytes of the trailer of a slot whose status entries are `writeUnitBytes` apart. */
export function slotTrailerBytes(shape: TrailerShape, writeUnitBytes: number): number {
  return statusStates(shape.algorithm) * shape.maxImgSectors * writeUnitBytes + infoBytes(shape);
}

/** Bytes of the trailer of the scratch area, which has status entries for one group only. */
export function scratchTrailerBytes(shape: TrailerShape, writeUnitBytes: number): number {
  return statusStates(shape.algorithm) * writeUnitBytes + infoBytes(shape);
}

/**
 * Lays a trailer into the end of an area (bootutil_priv.h: the fields grow downwards from the magic).
 *
 * @throws `DfuError` `INVALID_ARGUMENT` if the trailer is larger than the area.
 */
export function trailerLayout(
  shape: TrailerShape,
  area: { readonly sizeBytes: number; readonly writeUnitBytes: number; readonly scratch?: boolean },
): TrailerLayout {
  const { maxAlign, algorithm } = shape;
  const trailerBytes = (area.scratch === true ? scratchTrailerBytes : slotTrailerBytes)(
    shape,
    area.writeUnitBytes,
  );
  if (trailerBytes > area.sizeBytes) {
    const sizes = `${trailerBytes} bytes of trailer do not fit into an area of ${area.sizeBytes}`;
    throw new DfuError('INVALID_ARGUMENT', `${sizes} bytes; use fewer maximum sectors`);
  }
  const magic = area.sizeBytes - TRAILER_MAGIC_BYTES;
  const flags = trailerFlags(Math.floor(magic / maxAlign) * maxAlign, maxAlign);
  const tlvSizes = algorithm === 'swap-using-offset' ? flags.swapInfo - maxAlign : undefined;
  const swapSize = (tlvSizes ?? flags.swapInfo) - maxAlign;
  const keyBytes = alignUp(shape.keyBytes ?? 0, maxAlign);
  return {
    magic,
    magicBlock: area.sizeBytes - alignUp(TRAILER_MAGIC_BYTES, maxAlign),
    ...flags,
    tlvSizes,
    swapSize,
    keys: keyBytes === 0 ? undefined : [swapSize - keyBytes, swapSize - 2 * keyBytes],
    keyBytes,
    status: area.sizeBytes - trailerBytes,
    statusBytes: trailerBytes - infoBytes(shape),
    trailerBytes,
  };
}
