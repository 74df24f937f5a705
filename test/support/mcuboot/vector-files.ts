import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FlashGeometry } from '../../../src/flash/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import type { AreaName, BootConfig, JudgeOptions } from '../../../src/boot/mcuboot/index.ts';
import { ImageJudge } from '../../../src/boot/mcuboot/index.ts';
import { asDecryptionKey, readKey } from '../../../src/image/index.ts';
import { readVectorConfig } from '../../../src/lab/index.ts';
import type { VectorConfig } from '../../../src/lab/index.ts';

/** One step of a boot scenario. */
export interface VectorStep {
  readonly op: 'boot' | 'setPending' | 'setConfirmed' | 'setNext' | 'eraseAndWrite' | 'poke';
  readonly image?: number | string;
  readonly permanent?: boolean;
  readonly area?: AreaName;
  readonly active?: boolean;
  readonly confirm?: boolean;
  readonly offset?: number;
  readonly addr?: number;
  readonly hex?: string;
  readonly rc?: number;
  readonly ops?: string;
  readonly outcome?: string;
  readonly swapTypePredicted?: string | Readonly<Record<string, string>>;
  readonly swapTypeFinal?: string | Readonly<Record<string, string>>;
  readonly bootOffset?: number;
  readonly bootVersion?: string;
  readonly imageHeaderSize?: number;
  readonly imageSize?: number;
  readonly activeSlot?: number;
  readonly securityCountersBefore?: readonly number[];
  readonly securityCountersAfter?: readonly number[];
  readonly log?: readonly string[];
  /** The dump behind the step, if it was kept. */
  readonly flashAfter?: string;
  readonly flashAfterSha256: string;
}

/** A file of `boot/`. */
export interface BootVector {
  readonly name: string;
  readonly config: VectorConfig;
  readonly images?: Readonly<
    Record<string, { readonly file: string; readonly size: number; readonly sha256: string }>
  >;
  readonly flashInitial: string;
  readonly flashInitialSha256: string;
  readonly steps: readonly VectorStep[];
}

/** Cut after so many operations, hash then, outcome, hash after the next boot, version, its operations, log. */
export type CutRow = readonly [number, string, string, string, string | null, number, number];

/** A file of `powercut/`. */
export interface PowercutVector {
  readonly name: string;
  readonly config: VectorConfig;
  readonly flashInitial: string;
  readonly flashInitialSha256: string;
  readonly opCount: number;
  readonly uninterrupted: {
    readonly outcome: string;
    readonly version: string;
    readonly flashAfterSha256: string;
    readonly ops: string;
    readonly log: readonly string[];
  };
  readonly cuts: readonly CutRow[];
  readonly tornCuts?: readonly CutRow[];
  readonly multiCuts: readonly (readonly [
    readonly number[],
    readonly string[],
    string,
    string,
    string | null,
  ])[];
  readonly logs: readonly (string | readonly string[])[];
}

/** A file of `fuzz/`. */
export interface FuzzVector {
  readonly title: string;
  readonly config: VectorConfig;
  readonly bases: readonly { readonly file: string; readonly sha256: string }[];
  readonly logs: readonly string[];
  readonly rows: readonly (readonly [
    number,
    readonly (readonly [number, string])[],
    ...(readonly (string | number | null)[]),
  ])[];
}

/** A folder of vectors. */
export class VectorFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The JSON files of one kind, by their names. */
  list(kind: 'boot' | 'powercut' | 'fuzz' | 'tables'): string[] {
    const folder = join(this.#root, kind);
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    return files.toSorted().map((file) => `${kind}/${basename(file, '.json')}`);
  }

  /** A file's contents, to be taken for what its folder holds. */
  json(name: string): unknown {
    return JSON.parse(readFileSync(join(this.#root, `${name}.json`), 'utf8'));
  }

  /** A file's bytes, unpacked. */
  bytes(path: string): Uint8Array {
    const bytes = readFileSync(join(this.#root, path));
    return Uint8Array.from(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  }

  /** A judge with the keys that a configuration names. */
  async judge(config: VectorConfig): Promise<ImageJudge> {
    const read = (path: string): ReturnType<typeof readKey> =>
      readKey(new TextDecoder().decode(this.bytes(path)));
    const decryption = config.encryptionPrivateKey;
    const options: JudgeOptions = {
      signature: readVectorConfig(config).signature,
      keys: await Promise.all(config.publicKeys.map(read)),
      decryptionKeys: decryption === undefined ? [] : [asDecryptionKey(await read(decryption))],
    };
    return new ImageJudge(options);
  }
}

/** The engine's configuration of a vector's. */
export function configOf(vector: VectorConfig): BootConfig {
  return readVectorConfig(vector).config;
}

/** The flash of a vector. */
export function geometryOf(vector: VectorConfig): FlashGeometry {
  return readVectorConfig(vector).geometry;
}

/** A flash with these contents. */
export function flashOf(config: VectorConfig, contents: Uint8Array): MemoryFlash {
  return new MemoryFlash(geometryOf(config), contents);
}

/** Everything in a flash. */
export function contentsOf(flash: MemoryFlash): Uint8Array {
  return flash.read(0, flash.sizeBytes);
}

/** SHA-256 of a flash, in hex; the first 32 digits where the vectors are short. */
export function hashOf(flash: MemoryFlash): string {
  return createHash('sha256').update(contentsOf(flash)).digest('hex');
}
