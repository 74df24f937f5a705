import { hexNumber, toHex, viewOf } from '../../bytes/index.ts';
import type { Flash, FlashRange } from '../../flash/index.ts';
import {
  ENCRYPTED_FLAGS,
  IMAGE_HEADER_BYTES,
  IMAGE_MAGIC,
  ImageFlag,
  TLV_HEAD_BYTES,
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
  compareVersions,
  formatVersion,
  decodeImageHeader,
} from '../../image/index.ts';
import type { RawImageHeader } from '../../image/index.ts';
import { placeOf } from './config.ts';
import type { BootConfig } from './config.ts';
import { largestImageBytes, openPair } from './inspect.ts';
import type { Place } from './inspect.ts';
import type { Refusal } from './machine.ts';
import { methodOf } from './methods.ts';
import { freshProgress, slotOf } from './session.ts';
import { hasImage, saysEncrypted, tlvOffset } from './slot-image.ts';

/** Where an image is going. */
export interface ArrivalOptions {
  readonly flash: Flash;
  readonly config: BootConfig;
  /** The slot that it is written to. */
  readonly place: Place;
  /** Address of the flash's first byte, as programs see it; 0 unless given. */
  readonly flashBase?: number | undefined;
}

/** Initial stack pointer and reset vector, where Cortex-M looks for them (ARMv7-M B1.5.3). */
const VECTORS_BYTES = 8;

/** A few bytes of the image that are looked at as soon as they are all there. */
interface Window {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Says what is wrong, or which bytes are next. */
  look(bytes: Uint8Array): Found;
}

type Found = { readonly refusal: Refusal } | { readonly next: Window | undefined };

/**
 * An image on its way into a slot, in pieces of any size from its first byte on. What can be told from
 * its header, its vectors and the heads of its TLV areas is told as soon as they have come: that the
 * bootloader, or the processor behind it, could do nothing with it. Whether it is whole and signed
 * is for `examineArrived` to say. Nothing of it is kept but the few bytes at work.
 */
export class ArrivingImage {
  readonly #options: ArrivalOptions;
  /** Largest image that the build takes here. */
  readonly #most: number;
  readonly #bytes = new Uint8Array(IMAGE_HEADER_BYTES);
  #window: Window | undefined;
  #length = 0;
  /** Bytes that it has at least, as far as is known. */
  #expected = IMAGE_HEADER_BYTES;

  /** Throws `NOT_FOUND` if the build has no such image pair. */
  constructor(options: ArrivalOptions) {
    this.#options = options;
    this.#most = largestImageBytes(options.flash, options.config, options.place);
    this.#window = this.#header();
  }

  /** Bytes taken. */
  get lengthBytes(): number {
    return this.#length;
  }

  /** The next bytes. The refusal is final; after it nothing is looked at any more. */
  take(bytes: Uint8Array): Refusal | undefined {
    const start = this.#length;
    this.#length += bytes.length;
    let window = this.#window;
    while (window !== undefined) {
      const { offsetBytes, lengthBytes } = window;
      const from = Math.max(0, offsetBytes - start);
      const to = Math.min(bytes.length, offsetBytes + lengthBytes - start);
      if (from < to) this.#bytes.set(bytes.subarray(from, to), start + from - offsetBytes);
      if (start + to < offsetBytes + lengthBytes) break;
      const found: Found = window.look(this.#bytes.subarray(0, lengthBytes));
      if ('refusal' in found) {
        this.#window = undefined;
        return found.refusal;
      }
      window = found.next;
    }
    this.#window = window;
    return undefined;
  }

  /** What is missing if it ends after that many bytes; undefined if it may end there. */
  missing(lengthBytes: number): string | undefined {
    if (this.#window === undefined && lengthBytes >= this.#expected) return undefined;
    const atLeast = this.#window === undefined ? '' : 'at least ';
    return `the image is cut short: expected ${atLeast}${this.#expected} bytes, got ${lengthBytes}`;
  }

  #header(): Window {
    return {
      offsetBytes: 0,
      lengthBytes: IMAGE_HEADER_BYTES,
      look: (bytes) => {
        const header = decodeImageHeader(bytes);
        const refusal = this.#headerRefusal(header, bytes);
        if (refusal !== undefined) return { refusal };
        this.#expected = tlvOffset(header) + header.protectTlvSize + TLV_HEAD_BYTES;
        // The payload of an encrypted image cannot be read where it comes by.
        const readable = !saysEncrypted(header) && header.imgSize >= VECTORS_BYTES;
        return { next: readable ? this.#vectors(header) : this.#protectedArea(header) };
      },
    };
  }

  #headerRefusal(header: RawImageHeader, bytes: Uint8Array): Refusal | undefined {
    if (!hasImage(header)) {
      const magic = new Uint8Array(4);
      viewOf(magic).setUint32(0, IMAGE_MAGIC, true);
      const expected = `expected an MCUboot image, which begins with ${toHex(magic)}`;
      return this.#refuse('header', `${expected}, got ${toHex(bytes.subarray(0, 4))}`);
    }
    return (
      this.#sizeRefusal(header) ??
      this.#flagRefusal(header) ??
      this.#placeRefusal(header) ??
      this.#versionRefusal(header)
    );
  }

  #sizeRefusal({ hdrSize, imgSize, protectTlvSize }: RawImageHeader): Refusal | undefined {
    if (hdrSize < IMAGE_HEADER_BYTES) {
      const size = `size of the header: expected at least ${IMAGE_HEADER_BYTES}`;
      return this.#refuse('header', `${size}, got ${hdrSize}`);
    }
    if (protectTlvSize > 0 && protectTlvSize < TLV_HEAD_BYTES) {
      const size = `size of the protected TLVs: expected 0, or at least ${TLV_HEAD_BYTES}`;
      return this.#refuse('header', `${size}, got ${protectTlvSize}`);
    }
    return this.#lengthRefusal(hdrSize + imgSize + protectTlvSize + TLV_HEAD_BYTES);
  }

  #lengthRefusal(totalBytes: number): Refusal | undefined {
    const over = totalBytes - this.#most;
    if (over <= 0) return undefined;
    const most = `expected an image of at most ${this.#most} bytes, got ${totalBytes}`;
    return this.#refuse('size', `${most}: ${over} too many`);
  }

  #flagRefusal({ flags }: RawImageHeader): Refusal | undefined {
    const got = `flags ${hexNumber(flags)}`;
    if ((flags & ImageFlag.NON_BOOTABLE) !== 0) {
      return this.#refuse('header', `${got}: the image says that it is not to be booted`);
    }
    const encrypted = flags & ENCRYPTED_FLAGS;
    if (encrypted === ENCRYPTED_FLAGS) {
      return this.#refuse('header', `${got}: expected AES-128 or AES-256, got both`);
    }
    if (encrypted !== 0 && this.#options.config.encryption === undefined) {
      return this.#refuse('header', `${got}: encrypted, but this bootloader decrypts nothing`);
    }
    if ((flags & (ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2)) !== 0) {
      return this.#refuse('header', `${got}: compressed, but this bootloader expands nothing`);
    }
    return undefined;
  }

  /** Where images run in place, the header may say which slot they were built for. */
  #placeRefusal({ flags, loadAddr }: RawImageHeader): Refusal | undefined {
    const { config } = this.#options;
    if (config.algorithm !== 'direct-xip' || (flags & ImageFlag.ROM_FIXED) === 0) return undefined;
    const { offsetBytes } = this.#runsIn();
    if (loadAddr === offsetBytes) return undefined;
    const slots = `${this.#slotName()} is at ${hexNumber(offsetBytes)}`;
    return this.#refuse('image-address', `built for ${hexNumber(loadAddr)}, but ${slots}`);
  }

  #versionRefusal({ version }: RawImageHeader): Refusal | undefined {
    const { flash, config, place } = this.#options;
    if (config.downgradePrevention !== 'version') return undefined;
    // What is written over the image that runs is not compared with anything, as in a programmer.
    if (place.slot === 0 && config.algorithm !== 'direct-xip') return undefined;
    const { session, pair } = openPair(flash, config, place.image);
    const other = place.slot === 0 ? 1 : 0;
    methodOf(config.algorithm).readHeader(session, pair, other, freshProgress(session.build));
    const { header: running } = slotOf(pair, other);
    const withBuild = config.compareBuildNumber === true;
    if (!hasImage(running) || compareVersions(version, running.version, { withBuild }) >= 0) {
      return undefined;
    }
    const least = `expected version ${formatVersion(running.version)} or later`;
    return this.#refuse('version', `${least}, got ${formatVersion(version)}`);
  }

  #vectors(header: RawImageHeader): Window {
    return {
      offsetBytes: header.hdrSize,
      lengthBytes: VECTORS_BYTES,
      look: (bytes) => {
        const refusal = this.#vectorRefusal(header, viewOf(bytes).getUint32(4, true));
        return refusal === undefined ? { next: this.#protectedArea(header) } : { refusal };
      },
    };
  }

  /** Code that begins outside of the image that it belongs to was linked for another place. */
  #vectorRefusal({ hdrSize, imgSize }: RawImageHeader, vector: number): Refusal | undefined {
    const { config, flashBase = 0 } = this.#options;
    if (config.algorithm === 'ram-load') return undefined;
    const start = flashBase + this.#runsIn().offsetBytes + hdrSize;
    const end = start + imgSize;
    if (vector >= start && vector < end) return undefined;
    const range = `${hexNumber(start)} to ${hexNumber(end)}`;
    const place = `the image runs from ${this.#slotName()}, ${range}`;
    return this.#refuse('image-address', `${place}, but its reset vector is ${hexNumber(vector)}`);
  }

  #protectedArea(header: RawImageHeader): Window {
    const { protectTlvSize } = header;
    const offsetBytes = tlvOffset(header);
    if (protectTlvSize === 0) return this.#area(offsetBytes);
    return {
      offsetBytes,
      lengthBytes: TLV_HEAD_BYTES,
      look: (bytes) => {
        const { refusal, total } = this.#head(bytes, { offsetBytes, magic: TLV_PROT_INFO_MAGIC });
        if (refusal !== undefined) return { refusal };
        if (total === protectTlvSize) return { next: this.#area(offsetBytes + protectTlvSize) };
        const where = `protected TLVs at ${hexNumber(offsetBytes)}`;
        const size = `expected ${protectTlvSize} bytes as in the header, got ${total}`;
        return { refusal: this.#refuse('format', `${where}: ${size}`) };
      },
    };
  }

  #area(offsetBytes: number): Window {
    return {
      offsetBytes,
      lengthBytes: TLV_HEAD_BYTES,
      look: (bytes) => {
        const { refusal, total } = this.#head(bytes, { offsetBytes, magic: TLV_INFO_MAGIC });
        const long = refusal ?? this.#lengthRefusal(offsetBytes + total);
        if (long !== undefined) return { refusal: long };
        this.#expected = offsetBytes + total;
        return { next: undefined };
      },
    };
  }

  #head(
    bytes: Uint8Array,
    { offsetBytes, magic }: { readonly offsetBytes: number; readonly magic: number },
  ): { readonly refusal: Refusal | undefined; readonly total: number } {
    const view = viewOf(bytes);
    const [found, total] = [view.getUint16(0, true), view.getUint16(2, true)];
    const where = `TLVs at ${hexNumber(offsetBytes)}`;
    if (found === magic && total >= TLV_HEAD_BYTES) return { refusal: undefined, total };
    const wrong =
      found === magic
        ? `expected at least ${TLV_HEAD_BYTES} bytes, got ${total}`
        : `expected ${hexNumber(magic, 4)}, got ${hexNumber(found, 4)}`;
    return { refusal: this.#refuse('format', `${where}: ${wrong}`), total };
  }

  /** The slot that the image will run in: its own where images run in place, else the primary one. */
  #runsIn(): FlashRange {
    return placeOf(
      this.#options.config,
      `${this.#runsInSlot1() ? 'secondary' : 'primary'}${this.#options.place.image}`,
    );
  }

  #slotName(): string {
    return this.#runsInSlot1() ? 'the secondary slot' : 'the primary slot';
  }

  #runsInSlot1(): boolean {
    const { config, place } = this.#options;
    return config.algorithm === 'direct-xip' && place.slot === 1;
  }

  #refuse(refusedBy: Refusal['refusedBy'], reason: string): Refusal {
    const { image, slot } = this.#options.place;
    return { image, slot, refusedBy, reason };
  }
}
