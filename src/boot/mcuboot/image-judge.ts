import { DfuError, sameBytes, toHex } from '../../bytes/index.ts';
import type {
  CryptoLike,
  DecryptionKey,
  Tlv,
  ValidationOptions,
  Verdict,
} from '../../image/index.ts';
import { TlvType, imageCipher, unwrapImageKey, validateImage } from '../../image/index.ts';

/** What of a build decides which images are good. */
export interface JudgeOptions extends Omit<ValidationOptions, 'imageKey' | 'maxSize'> {
  /** Keys that unwrap the keys of encrypted images. */
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined;
  /** Most bytes of images that are remembered; 64 MiB unless given. */
  readonly cacheBytes?: number | undefined;
}

interface Remembered {
  readonly bytes: Uint8Array;
  readonly key: string;
  readonly verdict: Verdict;
}

const MIB = 1024 * 1024;

/** Record types of wrapped keys by the length of their value; RSA and the rest do not overlap. */
const wrapTypes: ReadonlyMap<number, number> = new Map([
  [256, TlvType.ENCRSA2048],
  [24, TlvType.ENCKW],
  [40, TlvType.ENCKW],
  [113, TlvType.ENCEC256],
  [129, TlvType.ENCEC256],
  [80, TlvType.ENCX25519],
  [96, TlvType.ENCX25519],
  [112, TlvType.ENCX25519_SHA512],
  [128, TlvType.ENCX25519_SHA512],
]);

/**
 * Judges images and remembers the verdicts, so that boots of copies of one device never hash the
 * same image twice. Images are compared byte by byte: a verdict is never given to other bytes.
 */
export class ImageJudge {
  /** Images that were hashed, not counting remembered ones. */
  hashed = 0;
  readonly #options: JudgeOptions;
  readonly #remembered: Remembered[] = [];
  readonly #keys = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #streams = new Map<string, Promise<Uint8Array>>();
  #bytes = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Whether there is any key that may open encrypted images. */
  get canDecrypt(): boolean {
    return (this.#options.decryptionKeys ?? []).length > 0;
  }

  /** The bootloader's verdict on these bytes, which are one whole image and nothing more. */
  async judge(bytes: Uint8Array, imageKey?: Uint8Array): Promise<Verdict> {
    const key = imageKey === undefined ? '' : toHex(imageKey);
    const known = this.#remembered.find((each) => each.key === key && sameBytes(each.bytes, bytes));
    if (known !== undefined) return known.verdict;
    const copy = bytes.slice();
    this.hashed += 1;
    const verdict = await validateImage(copy, { ...this.#options, imageKey });
    this.#remember({ bytes: copy, key, verdict });
    return verdict;
  }

  /** The image key inside a record; undefined if none of the keys opens it. */
  async unwrap({ type, data }: Tlv): Promise<Uint8Array | undefined> {
    const name = `${type}:${toHex(data)}`;
    const { decryptionKeys = [], crypto } = this.#options;
    const found = this.#keys.get(name) ?? unwrapImageKey({ type, data }, decryptionKeys, crypto);
    if (this.#keys.size >= 64) this.#keys.clear();
    this.#keys.set(name, found);
    return found;
  }

  /** The image key inside a saved record, of which only the value is known. */
  async unwrapSaved(data: Uint8Array): Promise<Uint8Array | undefined> {
    const type = wrapTypes.get(data.length);
    return type === undefined ? undefined : this.unwrap({ type, data });
  }

  /** The key stream over a payload: added to it, it turns plain into encrypted and back. */
  async stream(imageKey: Uint8Array, lengthBytes: number): Promise<Uint8Array> {
    const name = `${toHex(imageKey)}:${lengthBytes}`;
    const found = this.#streams.get(name) ?? keyStream(imageKey, lengthBytes, this.#options.crypto);
    if (this.#streams.size >= 8) this.#streams.clear();
    this.#streams.set(name, found);
    return found;
  }

  #remember(entry: Remembered): void {
    const most = this.#options.cacheBytes ?? 64 * MIB;
    this.#remembered.unshift(entry);
    this.#bytes += entry.bytes.length;
    while (this.#bytes > most && this.#remembered.length > 1) {
      this.#bytes -= this.#remembered.pop()?.bytes.length ?? 0;
    }
  }
}

async function keyStream(
  imageKey: Uint8Array,
  lengthBytes: number,
  crypto: CryptoLike | undefined,
): Promise<Uint8Array> {
  const cipher = await imageCipher(imageKey, crypto);
  return cipher.crypt(new Uint8Array(lengthBytes));
}

/** Security counters kept in hardware; they only rise (boot_nv_security_counter_*). */
export interface SecurityCounters {
  read(image: number): number;
  update(image: number, value: number): void;
}

/** Counters in memory, 0 to begin with. */
export class MemoryCounters implements SecurityCounters {
  readonly values: number[];

  constructor(values: readonly number[] = []) {
    this.values = [...values];
  }

  read(image: number): number {
    return this.values[image] ?? 0;
  }

  update(image: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new DfuError('OUT_OF_RANGE', `security counter: expected 32 bits, got ${value}`);
    }
    this.values[image] = Math.max(this.read(image), value);
  }
}
