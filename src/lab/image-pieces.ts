import type { SlotIndex } from '../boot/mcuboot/index.ts';
import { DfuError, sameBytes } from '../bytes/index.ts';
import type { Flash } from '../flash/index.ts';
import { formatVersion, parseImage } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { imagePlace } from './image-place.ts';

// Which bytes of a flash are which part of which image, wherever a swap has put them.

/** Bytes of a piece: no sector is smaller. */
const PIECE_BYTES = 512;

/** What a piece of flash is, where it is none of an image's. */
export const ERASED_PIECE = -1;
/** Bytes of no image that is known. */
export const OTHER_PIECE = -2;

/** An image whose pieces are known. */
export interface PiecedImage {
  readonly image: number;
  /** Where it stood when it was seen. */
  readonly slot: SlotIndex;
  /** `1.0.0+0`. */
  readonly version: string;
  readonly sizeBytes: number;
}

interface Piece {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** A sum that tells most pieces apart (FNV-1a over words, and what is left over bytes). */
function sumOf(bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = aligned(bytes);
  let sum = 0x811c9dc5;
  const words = new Uint32Array(buffer, byteOffset, length >> 2);
  for (let at = 0; at < words.length; at += 1) sum = Math.imul(sum ^ (words[at] ?? 0), 0x01000193);
  for (let at = length & ~3; at < length; at += 1)
    sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x01000193);
  return sum;
}

/** The same bytes, where words begin. */
const aligned = (bytes: Uint8Array): Uint8Array =>
  (bytes.byteOffset & 3) === 0 ? bytes : bytes.slice();

function isFilledWith(bytes: Uint8Array, value: number): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== value) return false;
  return true;
}

/** The images of a device as they stand now, and their pieces wherever they are found later. */
export class ImagePieces {
  readonly pieceBytes: number = PIECE_BYTES;
  readonly images: readonly PiecedImage[];
  readonly #known = new Map<number, Piece[]>();
  readonly #erasedValue: number;
  /** Pieces whose bytes another one has, too. */
  readonly #doubled = new Set<number>();
  /** Pieces of the images in front of each. */
  readonly #first: number[] = [];

  constructor({ flash, config }: Pick<LabDevice, 'flash' | 'config'>) {
    this.#erasedValue = flash.geometry.erasedValue;
    const images: PiecedImage[] = [];
    let next = 0;
    for (const image of config.images.keys()) {
      for (const slot of [0, 1] as const) {
        const found = this.#see({ flash, config }, { image, slot, next });
        if (found === undefined) continue;
        this.#first.push(next);
        images.push(found);
        next += Math.ceil(found.sizeBytes / PIECE_BYTES);
      }
    }
    this.images = images;
  }

  #see(
    device: Pick<LabDevice, 'flash' | 'config'>,
    {
      image,
      slot,
      next,
    }: { readonly image: number; readonly slot: SlotIndex; readonly next: number },
  ): PiecedImage | undefined {
    const place = imagePlace(device, { image, slot });
    const bytes = device.flash.read(place.offsetBytes, place.sizeBytes);
    const parsed = parsedOrNot(bytes);
    if (parsed === undefined) return undefined;
    const sizeBytes = parsed.bytes.length;
    for (let n = 0; n * PIECE_BYTES < sizeBytes; n += 1) {
      const piece = bytes.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES);
      if (isFilledWith(piece, this.#erasedValue)) continue;
      const sum = sumOf(piece);
      const alike = this.#known.get(sum) ?? [];
      for (const each of alike) {
        if (!sameBytes(each.bytes, piece)) continue;
        this.#doubled.add(each.code).add(next + n);
      }
      alike.push({ code: next + n, bytes: piece });
      this.#known.set(sum, alike);
    }
    return { image, slot, version: formatVersion(parsed.header.version), sizeBytes };
  }

  /**
   * What each piece of a part of flash is: {@link ERASED_PIECE}, {@link OTHER_PIECE}, or the number of a piece, those of the
   * first image first. Of equal pieces it is the one that goes on with what is in front of it.
   */
  codes(flash: Pick<Flash, 'read'>, [from, to]: readonly [number, number]): number[] {
    const bytes = flash.read(from, to - from);
    const codes: number[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      codes.push(this.#codeOf(bytes.subarray(at, at + PIECE_BYTES), codes.at(-1)));
    }
    return codes;
  }

  #codeOf(bytes: Uint8Array, before: number | undefined): number {
    if (isFilledWith(bytes, this.#erasedValue)) return ERASED_PIECE;
    const alike = (this.#known.get(sumOf(bytes)) ?? []).filter((each) =>
      sameBytes(each.bytes, bytes),
    );
    const next = alike.find(({ code }) => code - 1 === before);
    return (next ?? alike[0])?.code ?? OTHER_PIECE;
  }

  /** Whether there is only one piece with these bytes; not for what is no piece. */
  isUnique(code: number): boolean {
    return code >= 0 && !this.#doubled.has(code);
  }

  /** Which image a piece is of, and where in it the piece begins; undefined for what is none. */
  placeOf(code: number): { readonly index: number; readonly offsetBytes: number } | undefined {
    if (code < 0) return undefined;
    const index = this.#first.findLastIndex((first) => first <= code);
    return { index, offsetBytes: (code - (this.#first[index] ?? 0)) * PIECE_BYTES };
  }
}

function parsedOrNot(bytes: Uint8Array): ReturnType<typeof parseImage> | undefined {
  try {
    return parseImage(bytes);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}
