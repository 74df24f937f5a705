import { ImageJudge, MemoryCounters } from '../../../src/boot/mcuboot/index.ts';
import type { Algorithm, BootConfig, JudgeOptions } from '../../../src/boot/mcuboot/index.ts';
import type { Device, LayoutOptions } from './bench.ts';
import { flashWith, layOut } from './bench.ts';
import { makeImage } from './images.ts';
import type { MadeImage } from './images.ts';

// The smallest device that shows what a method does: slots of five sectors of 256 bytes, of which an
// image may take three; the trailer lies in the last one. A boot of it takes less than a millisecond.

/** What is different about a toy. */
export interface ToyOptions extends Partial<Omit<LayoutOptions, 'algorithm' | 'more'>> {
  readonly more?: Partial<BootConfig> | undefined;
  /** By default version 1 is in the primary slot and version 2 in the secondary one. */
  readonly images?: readonly (MadeImage | Uint8Array | undefined)[] | undefined;
  readonly judge?: Partial<JudgeOptions> | undefined;
  /** Counters that the hardware holds; all 0 unless given. */
  readonly counters?: readonly number[] | undefined;
}

/** A toy device, and the images that it began with. */
export interface Toy extends Device {
  readonly counters: MemoryCounters;
  readonly images: readonly (Uint8Array | undefined)[];
}

/** Makes a toy device. */
export async function toy(algorithm: Algorithm, options: ToyOptions = {}): Promise<Toy> {
  const { more, images = [{ major: 1 }, { major: 2, payloadBytes: 500 }], ...sizes } = options;
  const { judge, counters, ...layout } = sizes;
  const { config, geometry } = layOut({
    algorithm,
    sectorBytes: 256,
    primarySectors: 5,
    writeUnitBytes: 4,
    ...layout,
    more,
  });
  const { erasedValue } = geometry;
  const made: (Uint8Array | undefined)[] = [];
  for (const each of images) {
    const plain = each === undefined || each instanceof Uint8Array;
    made.push(plain ? each : await makeImage({ erasedValue, ...each }));
  }
  return {
    flash: flashWith({ config, geometry }, made),
    config,
    judge: new ImageJudge({ signature: 'none', ...judge }),
    counters: new MemoryCounters(counters),
    images: made,
  };
}

/** The same device with a flash of its own, as it is now. */
export function copyOf<D extends Device>(device: D): D {
  return { ...device, flash: device.flash.fork() };
}
