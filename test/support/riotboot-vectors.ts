import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { hexNumber } from '../../src/bytes/index.ts';
import { riotbootLayout } from '../../src/boot/riotboot/index.ts';
import type { RiotbootLayout } from '../../src/boot/riotboot/index.ts';
import { MemoryFlash, SectorMap } from '../../src/flash/index.ts';
import type { Flash, FlashGeometry } from '../../src/flash/index.ts';

const folder = fileURLToPath(new URL('../vectors/riotboot/', import.meta.url));

/** One of the recordings made with RIOT's own code. */
export function readVectors(name: string): unknown {
  return recordings.json(name);
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where slots lie in which flash. */
export interface RiotbootPlace {
  readonly geometry: FlashGeometry;
  readonly layout: RiotbootLayout;
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

export const recordedPlace: RiotbootPlace = { geometry: recordedGeometry, layout: recordedLayout };

/**
 * The place that a text names, such as "flash base 0x08000000, slot0 +0x4000, slot1 at +0x22000,
 * header 256, page 4096, write block 4"; what it does not name is as usual.
 */
function placeIn(text: string): RiotbootPlace {
  const named = (name: string, usual: number): number => {
    const [, value] = new RegExp(`${name}(?: at)? \\+?(0x[0-9a-f]+|[0-9]+)`, 'i').exec(text) ?? [];
    return value === undefined ? usual : Number(value);
  };
  const slot0 = named('slot0', 0x4000);
  const slot1 = named('slot1', 0x22000);
  const romBytes = slot1 + (slot1 - slot0);
  const sizeBytes = named('page', 4096);
  return {
    geometry: {
      sectors: [{ count: Math.ceil(romBytes / sizeBytes), sizeBytes }],
      writeUnitBytes: named('write block', 4),
      erasedValue: 0xff,
    },
    layout: riotbootLayout({
      romBytes,
      bootloaderBytes: slot0,
      headerBytes: named('header', 256),
      flashBase: named('flash base', 0x08000000),
    }),
  };
}

/** A folder of recordings of riotboot. */
export class RiotbootFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  has(name: string): boolean {
    return existsSync(join(this.#root, name));
  }

  /** A file's contents, to be taken for what it holds. */
  json(name: string): unknown {
    return JSON.parse(readFileSync(join(this.#root, name), 'utf8'));
  }

  /** A file's bytes, unpacked. */
  bytes(name: string): Uint8Array {
    const bytes = readFileSync(join(this.#root, name));
    return Uint8Array.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  }

  /** The place that the title of a file names, else the one that the README does. */
  place(name: string): RiotbootPlace {
    const { title = '' } = this.json(name) as { readonly title?: string };
    const readme = this.has('README.md') ? readFileSync(join(this.#root, 'README.md'), 'utf8') : '';
    return placeIn(`${title}; ${readme}`);
  }
}

/** The recordings that the tests replay. */
export const recordings: RiotbootFolder = new RiotbootFolder(folder);

/**
 * The flash of the recordings: it writes down what is done to it, and it lets pass what real NOR
 * flash refuses, with a line that says so.
 */
export class RecordingFlash implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  readonly busyUs = 0;
  readonly bytes: Uint8Array;
  readonly lines: string[] = [];
  readonly #pages: boolean;
  readonly #layout: RiotbootLayout;

  /** With `pages` an erase and the write of a whole page after it are one operation. */
  constructor(options: { readonly pages?: boolean; readonly place?: RiotbootPlace } = {}) {
    const { pages = false, place: { geometry, layout } = recordedPlace } = options;
    this.#pages = pages;
    this.#layout = layout;
    this.geometry = geometry;
    this.sectors = new SectorMap(geometry);
    this.sizeBytes = this.sectors.sizeBytes;
    this.bytes = new Uint8Array(this.sizeBytes).fill(0xff);
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.slice(offset, offset + length));
  }

  readInto(offset: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(offset, offset + target.length));
  }

  program(offset: number, bytes: Uint8Array): void {
    if (this.#pages && bytes.length === this.sectors.at(offset).sizeBytes) {
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
    const { offsetBytes, sizeBytes } = this.#layout.slots[index] ?? {
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

/** Bytes as the recordings describe them: "byte j = (11*j+3) & 255". */
export function describedBytes(description: string, lengthBytes: number): Uint8Array {
  const [, factor, add] = /\((\d+)\*j\+(\d+)\) & 255/.exec(description) ?? [];
  if (factor === undefined) throw new Error(`expected bytes such as (11*j+3), got ${description}`);
  return Uint8Array.from({ length: lengthBytes }, (_, at) => Number(factor) * at + Number(add));
}
