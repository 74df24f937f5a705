import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { hexNumber } from '../../src/bytes/index.ts';
import { riotbootLayout } from '../../src/boot/riotboot/index.ts';
import type { RiotbootLayout } from '../../src/boot/riotboot/index.ts';
import { MemoryFlash, SectorMap } from '../../src/flash/index.ts';
import type { Flash, FlashGeometry } from '../../src/flash/index.ts';

const folder = new URL('../vectors/riotboot/', import.meta.url);

/** One of the recordings made with RIOT's own code. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
}

export function readVectorFile(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(name, folder)));
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The geometry and the layout that the recordings were made with. */
export const recordedGeometry: FlashGeometry = {
  sectors: [{ count: 64, sizeBytes: 4096 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
};
export const recordedLayout: RiotbootLayout = riotbootLayout({
  romBytes: 0x40000,
  bootloaderBytes: 0x4000,
  headerBytes: 256,
  flashBase: 0x08000000,
});

/**
 * The flash of the recordings: it writes down what is done to it, and it lets pass what real NOR
 * flash refuses, with a line that says so.
 */
export class RecordingFlash implements Flash {
  readonly geometry: FlashGeometry = recordedGeometry;
  readonly sectors: SectorMap = new SectorMap(recordedGeometry);
  readonly sizeBytes: number = 0x40000;
  readonly busyUs = 0;
  readonly bytes: Uint8Array = new Uint8Array(0x40000).fill(0xff);
  readonly lines: string[] = [];
  readonly #pages: boolean;

  /** With `pages` an erase and the write of a whole page after it are one operation. */
  constructor(options: { readonly pages?: boolean } = {}) {
    this.#pages = options.pages === true;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.slice(offset, offset + length));
  }

  readInto(offset: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(offset, offset + target.length));
  }

  program(offset: number, bytes: Uint8Array): void {
    if (this.#pages && bytes.length === 4096) {
      this.lines.push(`P ${hexNumber(offset)}`);
    } else {
      this.lines.push(`W ${hexNumber(offset)} ${bytes.length}`);
      const old = this.bytes.subarray(offset, offset + bytes.length);
      if (old.some((byte) => byte !== 0xff)) this.lines.push('NOTERASED');
      for (let at = 0; at < bytes.length; at += 1) old[at] = (old[at] ?? 0) & (bytes[at] ?? 0);
      return;
    }
    this.bytes.set(bytes, offset);
  }

  erase(offset: number, length: number): void {
    if (!this.#pages) this.lines.push(`E ${hexNumber(offset)}`);
    this.bytes.fill(0xff, offset, offset + length);
  }

  slot(index: number): Uint8Array {
    const { offsetBytes, sizeBytes } = recordedLayout.slots[index] ?? {
      offsetBytes: 0,
      sizeBytes: 0,
    };
    return this.bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
  }
}

/** The bytes that the recordings describe as "byte j = (11*j+3) & 255". */
export function recordedPayload(lengthBytes: number, add: number = lengthBytes): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, at) => 11 * at + add);
}

/** A flash with these bytes at these offsets, the rest erased. */
export function flashWith(
  geometry: FlashGeometry,
  parts: readonly (readonly [number, Uint8Array])[],
): MemoryFlash {
  const contents = new Uint8Array(new SectorMap(geometry).sizeBytes).fill(geometry.erasedValue);
  for (const [offset, bytes] of parts) contents.set(bytes, offset);
  return new MemoryFlash(geometry, contents);
}
