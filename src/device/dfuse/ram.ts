import { DfuError, hexNumber } from '../../bytes/index.ts';
import { parseMemoryLayout, regionBytes, sectorAt } from '../../dfu/index.ts';
import type { MemoryLayout } from '../../dfu/index.ts';
import type { DfuSeMemory } from './memory.ts';
import { failed } from '../media/medium.ts';
import type { MediumResult } from '../media/medium.ts';

/** What a DfuSe memory in RAM is made of. */
export interface DfuSeRamOptions {
  /** Its layout, as the host reads it. Up to 64 MiB in all. */
  readonly layout: string;
  /** How long things take, in ms: a sector, everything, a byte. Default 0. */
  readonly eraseMs?: number | undefined;
  readonly massEraseMs?: number | undefined;
  readonly programMsPerByte?: number | undefined;
  /** Called when the host asks to leave. */
  readonly onManifest?: ((address: number) => MediumResult) | undefined;
}

const MOST_BYTES = 64 * 1024 * 1024;

interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/**
 * Flash-like memory that is gone with the power: erased bytes are 0xff, programming clears bits, and
 * what comes out otherwise than it was sent is errVERIFY.
 */
export class DfuSeRam implements DfuSeMemory {
  readonly layout: string;
  readonly #options: DfuSeRamOptions;
  readonly #layout: MemoryLayout;
  readonly #pieces: readonly Piece[];

  /** Throws what `parseMemoryLayout` throws, and `OUT_OF_RANGE` beyond 64 MiB. */
  constructor(options: DfuSeRamOptions) {
    this.layout = options.layout;
    this.#options = options;
    this.#layout = parseMemoryLayout(options.layout);
    const total = this.#layout.regions.reduce((sum, region) => sum + regionBytes(region), 0);
    if (total > MOST_BYTES) {
      const message = `DfuSe memory: expected at most ${MOST_BYTES} bytes, got ${total}`;
      throw new DfuError('OUT_OF_RANGE', message);
    }
    this.#pieces = this.#layout.regions.map((region) => ({
      address: region.address,
      bytes: new Uint8Array(regionBytes(region)).fill(0xff),
    }));
  }

  /** The bytes from there to the end of the region, or fewer; a view. */
  read(address: number, lengthBytes: number): Uint8Array {
    const piece = this.#pieces.find(
      (each) => address >= each.address && address < each.address + each.bytes.length,
    );
    const at = address - (piece?.address ?? 0);
    return piece?.bytes.subarray(at, at + lengthBytes) ?? new Uint8Array(0);
  }

  program(address: number, bytes: Uint8Array): MediumResult {
    const { programMsPerByte = 0 } = this.#options;
    const busyMs = programMsPerByte * bytes.length;
    const target = this.read(address, bytes.length);
    if (target.length < bytes.length) return this.#outside(address);
    for (const [at, byte] of bytes.entries()) target[at] = (target[at] ?? 0) & byte;
    const wrong = bytes.findIndex((byte, at) => target[at] !== byte);
    if (wrong < 0) return { status: 'OK', busyMs };
    const reason = `${hexNumber(address + wrong, 8)} was not erased`;
    return { status: 'errVERIFY', busyMs, reason };
  }

  erase(address: number): MediumResult {
    const sector = sectorAt(this.#layout, address);
    if (sector === undefined) return this.#outside(address);
    this.read(sector.address, sector.sizeBytes).fill(0xff);
    return { status: 'OK', busyMs: this.#options.eraseMs ?? 0 };
  }

  massErase(): MediumResult {
    for (const { bytes } of this.#pieces) bytes.fill(0xff);
    return { status: 'OK', busyMs: this.#options.massEraseMs ?? 0 };
  }

  manifest(address: number): MediumResult {
    return this.#options.onManifest?.(address) ?? { status: 'OK', busyMs: 0 };
  }

  #outside(address: number): MediumResult {
    return failed('errADDRESS', `there is no memory at ${hexNumber(address, 8)}`);
  }
}
