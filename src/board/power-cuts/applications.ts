import { DfuError, hexNumber, sha256, toHex, viewOf } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import { endianOfImage, formatVersion, parseImage, readImageHeader } from '../../image/index.ts';

/** A part of flash that an application may stand in. */
export interface ApplicationPlace {
  /** As the board's layout names it. */
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
  /** Bytes in front of the vector table where it has a header that is not MCUboot's. */
  readonly headerBytes?: number | undefined;
}

/** An image that runs, or that could. */
export interface ApplicationImage {
  /** Equal bytes have equal numbers. */
  readonly number: number;
  /** Its version, if it is an image of MCUboot, else where it stood; and its SHA-256, unless its version tells it apart. */
  readonly name: string;
  /** Where it was first seen. */
  readonly address: number;
  readonly version: string | undefined;
  /** Of all its bytes, 64 hex digits. */
  readonly sha256: string;
  readonly lengthBytes: number;
  /** It stood in a slot before the first cut, or ran without any: what is not known is a mixture. */
  readonly known: boolean;
}

type Seen = Omit<ApplicationImage, 'name' | 'known'> & {
  known: boolean;
  /** The name of the place that it stood in before anything was executed. */
  readonly stoodIn: string | undefined;
};

/** Offsets at which a vector table may stand in a place: at its start, behind a second stage of an RP2040. */
const TABLE_OFFSETS = [0, 0x100];

/** A vector table at the start of a part of flash. */
interface Table {
  readonly place: ApplicationPlace;
  readonly address: number;
}

interface ApplicationsOrder {
  readonly places: readonly ApplicationPlace[];
  readonly flash: { readonly address: number; readonly bytes: Uint8Array<ArrayBuffer> };
  readonly ram: MemoryRange;
  readonly erasedValue: number;
}

/** Where applications begin in a flash that changes, and which one it is that runs. */
export class Applications {
  readonly #order: ApplicationsOrder;
  readonly #images = new Map<string, Seen>();
  readonly #byNumber: Seen[] = [];

  constructor(order: ApplicationsOrder) {
    const { places, flash } = order;
    const end = flash.address + flash.bytes.length;
    for (const { name, address, sizeBytes } of places) {
      if (sizeBytes > 0 && address >= flash.address && address + sizeBytes <= end) continue;
      const got = `${hexNumber(sizeBytes)} bytes at ${hexNumber(address, 8)}`;
      const words = `expected flash from ${hexNumber(flash.address, 8)} to ${hexNumber(end - 1, 8)}, got ${got}`;
      throw new DfuError('OUT_OF_RANGE', `${name}: ${words}`);
    }
    this.#order = order;
  }

  /** Addresses of the first instructions of what stands there now, and the vector table of each. */
  entries(): ReadonlyMap<number, Table> {
    const found = new Map<number, Table>();
    for (const place of this.#order.places) {
      for (const offset of this.#tableOffsets(place)) {
        const entry = this.#entryOf(place, offset);
        if (entry === undefined || found.has(entry)) continue;
        found.set(entry, { place, address: place.address + offset });
      }
    }
    return found;
  }

  /** Whether bytes at that offset of flash can move an entry: headers and vector tables are at the start of a place. */
  concerns(offsetBytes: number, lengthBytes: number): boolean {
    const { places, flash } = this.#order;
    return places.some((place) => {
      const from = place.address - flash.address;
      return offsetBytes < from + this.#headBytes(place) && offsetBytes + lengthBytes > from;
    });
  }

  /** The number of the image that stands in a place. */
  imageAt(place: ApplicationPlace, stoodIn?: string): number {
    const bytes = this.#bytesOf(place);
    const { whole, version } = mcubootImage(bytes) ?? {
      whole: this.#trimmed(bytes),
      version: undefined,
    };
    const hash = toHex(sha256(whole));
    const seen = this.#images.get(hash);
    if (seen !== undefined) return seen.number;
    const image: Seen = {
      number: this.#byNumber.length,
      address: place.address,
      version,
      sha256: hash,
      lengthBytes: whole.length,
      known: stoodIn !== undefined,
      stoodIn,
    };
    this.#images.set(hash, image);
    this.#byNumber.push(image);
    return image.number;
  }

  /** An image has run without a cut. */
  know(number: number | undefined): void {
    const image = this.#byNumber[number ?? -1];
    if (image !== undefined) image.known = true;
  }

  /** Whether a step of a path is the number of an image that nobody has put there. */
  isMixture(step: string): boolean {
    return /^\d+$/.test(step) && this.#byNumber[Number(step)]?.known === false;
  }

  /** All that stand in places now are known by name from here on. */
  seeAll(): void {
    for (const place of this.#order.places) {
      if (this.#trimmed(this.#bytesOf(place)).length === 0) continue;
      this.imageAt(place, place.name);
    }
  }

  /** The images that were seen, by number. */
  images(): ApplicationImage[] {
    const all = this.#byNumber;
    return all.map((each) => {
      const { stoodIn: _, ...rest } = each;
      return Object.assign({ name: nameOf(each, all) }, rest);
    });
  }

  #headBytes({ headerBytes = 0, sizeBytes }: ApplicationPlace): number {
    // MCUboot's header may say up to 64 KiB; its vector table is behind that
    return Math.min(sizeBytes, Math.max(headerBytes, 0x10000) + 8);
  }

  #bytesOf({ address, sizeBytes }: ApplicationPlace): Uint8Array<ArrayBuffer> {
    const from = address - this.#order.flash.address;
    return this.#order.flash.bytes.subarray(from, from + sizeBytes);
  }

  #tableOffsets(place: ApplicationPlace): readonly number[] {
    const { flash } = this.#order;
    const from = place.address - flash.address;
    const head = flash.bytes.subarray(from, from + Math.min(place.sizeBytes, 32));
    const endian = head.length < 32 ? undefined : endianOfImage(head);
    if (endian !== undefined) return [viewOf(head).getUint16(8, endian === 'little')];
    return [...(place.headerBytes === undefined ? [] : [place.headerBytes]), ...TABLE_OFFSETS];
  }

  /** The first instruction by the vector table there; undefined if that is none (ARMv6-M B1.5.3). */
  #entryOf({ address, sizeBytes }: ApplicationPlace, offset: number): number | undefined {
    const { flash, ram } = this.#order;
    if (offset + 8 > sizeBytes) return undefined;
    const view = viewOf(flash.bytes);
    const at = address - flash.address + offset;
    const stack = view.getUint32(at, true);
    const reset = view.getUint32(at + 4, true);
    const inRam = stack > ram.baseAddress && stack <= ram.baseAddress + ram.sizeBytes;
    if (!inRam || stack % 4 !== 0 || reset % 2 === 0) return undefined;
    const entry = reset - 1;
    return entry >= address && entry < address + sizeBytes ? entry : undefined;
  }

  #trimmed(bytes: Uint8Array): Uint8Array {
    const { erasedValue } = this.#order;
    let end = bytes.length;
    const isErased = (): boolean => bytes[end - 1] === erasedValue;
    while (end % 4 !== 0 && isErased()) end -= 1;
    if (end % 4 === 0 && bytes.byteOffset % 4 === 0) {
      const words = new Int32Array(bytes.buffer, bytes.byteOffset, end / 4);
      const erased = erasedValue === 0 ? 0 : -1;
      while (end > 0 && words[end / 4 - 1] === erased) end -= 4;
    }
    while (end > 0 && isErased()) end -= 1;
    return bytes.subarray(0, end);
  }
}

/** The bytes of an image of MCUboot, without what fills up its slot; undefined if it is none. */
function mcubootImage(
  bytes: Uint8Array<ArrayBuffer>,
): { readonly whole: Uint8Array; readonly version: string } | undefined {
  if (endianOfImage(bytes) === undefined) return undefined;
  try {
    const { hdrSize, imgSize, version } = readImageHeader(bytes);
    const end = Math.min(bytes.length, hdrSize + imgSize);
    return { whole: wholeImage(bytes) ?? bytes.subarray(0, end), version: formatVersion(version) };
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

function wholeImage(bytes: Uint8Array<ArrayBuffer>): Uint8Array | undefined {
  try {
    return parseImage(bytes).bytes;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

function nameOf(image: Seen, all: readonly Seen[]): string {
  const { version, sha256: hash, known, stoodIn } = image;
  const short = `SHA-256 ${hash.slice(0, 8)}…`;
  const alike = all.some((each) => each !== image && each.version === version);
  const unversioned = stoodIn === undefined ? short : `what stood in ${stoodIn} (${short})`;
  const named = version === undefined ? unversioned : alike ? `${version} (${short})` : version;
  return known ? named : `${named}, which stood nowhere before`;
}
