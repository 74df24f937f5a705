import type { FieldCase, FieldMemory, FieldRegion } from './words.ts';

/** Flash that was used before: all bits are 0, and writing only clears bits. */
export class FieldFlash {
  readonly #regions: readonly (FieldRegion & { readonly bytes: Uint8Array })[];

  constructor(regions: readonly FieldRegion[]) {
    this.#regions = regions.map((each) => ({ ...each, bytes: new Uint8Array(each.sizeBytes) }));
  }

  /** Where it begins. */
  get address(): number {
    return this.#regions[0]?.address ?? 0;
  }

  /** That many bytes from there on, or as many as there are; undefined where there is nothing. */
  read(address: number, count: number): Uint8Array | undefined {
    const region = this.#at(address);
    const from = address - (region?.address ?? 0);
    return region?.bytes.subarray(from, from + count);
  }

  /** False where there is nothing. */
  erase(address: number): boolean {
    const region = this.#at(address);
    if (region === undefined) return false;
    const { sectorBytes } = region;
    if (sectorBytes === 0) return false;
    const from = Math.floor((address - region.address) / sectorBytes) * sectorBytes;
    region.bytes.fill(0xff, from, from + sectorBytes);
    return true;
  }

  eraseAll(): void {
    for (const { bytes } of this.#regions) bytes.fill(0xff);
  }

  /** Clears bits; sets them, too, where nothing has to be erased. False where there is nothing. */
  write(address: number, bytes: Uint8Array): boolean {
    const held = this.read(address, bytes.length);
    if (held === undefined || held.length < bytes.length) return false;
    if (this.#at(address)?.sectorBytes === 0) held.fill(0xff);
    for (const [at, byte] of bytes.entries()) held[at] = (held[at] ?? 0) & byte;
    return true;
  }

  /** Why it is not as a case says; undefined if it is. */
  differs(wanted: FieldMemory, { file, content }: FieldCase): string | undefined {
    if (wanted !== 'file') {
      const value = wanted === 'erased' ? 0xff : 0;
      const is = this.#regions.every(({ bytes }) => bytes.every((byte) => byte === value));
      return is ? undefined : `the memory is not ${wanted}`;
    }
    for (const [address, bytes] of content ?? [[this.address, file] as const]) {
      const held = this.read(address, bytes.length) ?? new Uint8Array(0);
      const at = bytes.findIndex((byte, index) => held[index] !== byte);
      if (at >= 0) return `0x${(address + at).toString(16)} has ${held[at]}, not ${bytes[at]}`;
    }
    return undefined;
  }

  #at(address: number): (FieldRegion & { readonly bytes: Uint8Array }) | undefined {
    return this.#regions.find(
      (each) => address >= each.address && address < each.address + each.sizeBytes,
    );
  }
}
