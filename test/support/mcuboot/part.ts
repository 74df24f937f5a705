import { ImageJudge, isSwap, largestImageBytes } from '../../../src/boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../../../src/boot/mcuboot/index.ts';
import { SectorMap } from '../../../src/flash/index.ts';
import type { FlashRange } from '../../../src/flash/index.ts';
import { geometries } from '../geometries.ts';
import type { NamedGeometry } from '../geometries.ts';
import { flashWith } from './bench.ts';
import type { Device } from './bench.ts';
import { makeImage } from './images.ts';
import type { MadeImage } from './images.ts';

/** Bytes of an image beside its payload. */
export const overhead: number = (await makeImage({ payloadBytes: 0 })).length;

/** A part with an algorithm. */
class Part {
  readonly geometry: NamedGeometry;
  readonly algorithm: Algorithm;

  constructor(geometry: NamedGeometry, algorithm: Algorithm) {
    this.geometry = geometry;
    this.algorithm = algorithm;
  }

  get name(): string {
    return `${this.geometry.name}, ${this.algorithm}`;
  }

  get swaps(): boolean {
    return isSwap(this.algorithm);
  }

  /** What MCUboot says of these slots, if it cannot update them. */
  get refusal(): string | undefined {
    return this.geometry.refuses[this.algorithm];
  }

  #config(more: Partial<BootConfig>): BootConfig {
    const { primary, secondary, scratch, maxAlign } = this.geometry;
    const { algorithm } = this;
    return {
      algorithm,
      images: [{ primary, secondary }],
      scratch,
      maxAlign,
      maxImgSectors: Math.max(this.#sectors(primary).length, this.#sectors(secondary).length),
      // one write a sector: a bootloader with RAM to spare
      copyChunkBytes: this.largestSector,
      ...more,
    };
  }

  #sectors({ offsetBytes, sizeBytes }: FlashRange): number[] {
    const map = new SectorMap(this.geometry.geometry);
    return [...map.in(offsetBytes, sizeBytes)].map((sector) => sector.sizeBytes);
  }

  /** Bytes of the largest sector of the two slots. */
  get largestSector(): number {
    const { primary, secondary } = this.geometry;
    return Math.max(...this.#sectors(primary), ...this.#sectors(secondary));
  }

  /** Most bytes of an image here. */
  largest(): number {
    const config = this.#config({});
    return largestImageBytes(flashWith({ config, geometry: this.geometry.geometry }, []), config);
  }

  /**
   * The part with version 1 in its primary slot, of three sectors, and version 2 in its secondary one,
   * of two; of less where an image has less room.
   */
  async device(
    images: readonly [MadeImage, MadeImage] = [{}, {}],
    more: Partial<BootConfig> = {},
  ): Promise<Device & { readonly images: readonly Uint8Array[] }> {
    const config = this.#config(more);
    const { erasedValue } = this.geometry.geometry;
    const room = Math.min(this.largest(), this.geometry.primary.sizeBytes * 0.6) - overhead;
    const sizes = [2.5, 1.5].map((n) => Math.floor(Math.min(n * this.largestSector, room)));
    const made: Uint8Array[] = [];
    for (const [n, image] of images.entries()) {
      const usual = { major: n + 1, payloadBytes: sizes[n], erasedValue };
      made.push(await makeImage({ ...usual, ...image }));
    }
    return {
      flash: flashWith({ config, geometry: this.geometry.geometry }, made),
      config,
      judge: new ImageJudge({ signature: 'none' }),
      images: made,
    };
  }
}

const updates: readonly Algorithm[] = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
];

/** Every part with every algorithm that updates images. */
export const parts: readonly Part[] = geometries.flatMap((geometry) =>
  updates.map((algorithm) => new Part(geometry, algorithm)),
);
