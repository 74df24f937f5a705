import type {
  BootConfig,
  BootOperation,
  BootResult,
  ImageJudge,
  SecurityCounters,
} from '../../../src/boot/mcuboot/index.ts';
import { ApplicationSide, boot, placeOf } from '../../../src/boot/mcuboot/index.ts';
import type { FlashGeometry, FlashRange } from '../../../src/flash/index.ts';
import { DfuError } from '../../../src/bytes/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import { powerLost } from './replay.ts';

/** A device to try things on: flash, build, judge, and counters if its hardware has any. */
export interface Device {
  readonly flash: MemoryFlash;
  readonly config: BootConfig;
  readonly judge: ImageJudge;
  readonly counters?: SecurityCounters | undefined;
}

/** A build and flash that fits. */
export interface Layout {
  readonly config: BootConfig;
  readonly geometry: FlashGeometry;
}

/** Sizes of a layout to make: two slots an image, perhaps scratch. */
export interface LayoutOptions {
  readonly algorithm: BootConfig['algorithm'];
  readonly sectorBytes: number;
  readonly primarySectors: number;
  readonly secondarySectors?: number | undefined;
  readonly scratchSectors?: number | undefined;
  /** How many images; 1 unless given. */
  readonly pairs?: number | undefined;
  readonly writeUnitBytes: number;
  readonly erasedValue?: 0x00 | 0xff | undefined;
  readonly more?: Partial<BootConfig> | undefined;
}

/** A build whose areas lie one behind the other, and flash that fits. */
export function layOut(options: LayoutOptions): Layout {
  const { algorithm, sectorBytes, primarySectors, scratchSectors = 1 } = options;
  const { secondarySectors = primarySectors, writeUnitBytes, erasedValue = 0xff } = options;
  const each = primarySectors + secondarySectors;
  const pairs = options.pairs ?? 1;
  const at = (from: number, count: number): FlashRange => ({
    offsetBytes: from * sectorBytes,
    sizeBytes: count * sectorBytes,
  });
  const config: BootConfig = {
    algorithm,
    images: Array.from({ length: pairs }, (_, n) => ({
      primary: at(n * each, primarySectors),
      secondary: at(n * each + primarySectors, secondarySectors),
    })),
    scratch: algorithm === 'swap-using-scratch' ? at(pairs * each, scratchSectors) : undefined,
    maxImgSectors: Math.max(primarySectors, secondarySectors),
    ...options.more,
  };
  const sectors = [{ sizeBytes: sectorBytes, count: pairs * each + scratchSectors }];
  return { config, geometry: { sectors, writeUnitBytes, erasedValue } };
}

/**
 * Flash with these images in its slots, in the order primary and secondary of image 0, of image 1 and
 * so on; undefined leaves a slot erased. Uploads go where the build wants them.
 */
export function flashWith(
  { config, geometry }: Layout,
  images: readonly (Uint8Array | undefined)[],
): MemoryFlash {
  const flash = new MemoryFlash(geometry);
  for (const [n, image] of images.entries()) {
    const slots = config.images[Math.floor(n / 2)];
    if (image === undefined || slots === undefined) continue;
    const slot = n % 2 === 0 ? slots.primary : slots.secondary;
    const up = n % 2 === 0 ? 0 : uploadOffset(config, flash.sectors.at(slot.offsetBytes).sizeBytes);
    install(flash, slot.offsetBytes + up, image);
  }
  return flash;
}

/** Where an upload goes: one of the bootloader's sectors up with swap using offset. */
export function uploadOffset(config: BootConfig, sectorBytes: number): number {
  const up = config.logicalSectorBytes ?? sectorBytes;
  return config.algorithm === 'swap-using-offset' ? up : 0;
}

/** Programs an image into an erased place, filled up to whole write units. */
export function install(flash: MemoryFlash, offsetBytes: number, image: Uint8Array): void {
  const { writeUnitBytes, erasedValue } = flash.geometry;
  const length = Math.ceil(image.length / writeUnitBytes) * writeUnitBytes;
  const padded = new Uint8Array(length).fill(erasedValue);
  padded.set(image);
  flash.program(offsetBytes, padded);
}

/** One boot of a device. */
export function bootOnce(device: Device): Promise<BootResult> {
  return boot(device);
}

/** What the application asks for. */
export function application({ flash, config }: Device): ApplicationSide {
  return new ApplicationSide(flash, config);
}

/**
 * How the operation that the cut falls into is left: not begun, or half done (half of the write units
 * of a write, half of an erased sector).
 */
type CutKind = 'clean' | 'torn';

/** One boot that loses power at this operation, counted from 0, if it gets that far. */
export async function bootAndCut(
  device: Device,
  at: number,
  kind: CutKind = 'clean',
): Promise<BootResult> {
  let done = 0;
  const onOperation = (operation: BootOperation): void => {
    if (done === at) {
      if (kind === 'torn') tear(device, operation);
      throw powerLost();
    }
    done += 1;
  };
  return boot({ ...device, onOperation });
}

/** Does half of an operation. */
function tear({ flash, config }: Device, operation: BootOperation): void {
  const { area, offsetBytes, lengthBytes, bytes } = operation;
  const start = placeOf(config, area).offsetBytes + offsetBytes;
  if (bytes === undefined) {
    flash.cutPowerAt(flash.operations, 'torn');
    try {
      flash.erase(start, lengthBytes);
    } catch (error) {
      if (!DfuError.is(error, 'POWER_LOST')) throw error;
    }
    flash.restorePower();
    return;
  }
  const unit = flash.geometry.writeUnitBytes;
  const half = Math.floor(bytes.length / 2 / unit) * unit;
  if (half > 0) flash.program(start, bytes.subarray(0, half));
}

/** Every state that a power cut of the next boot can leave, one for each operation. */
export async function statesOfCuts(
  device: Device,
  kind: CutKind = 'clean',
): Promise<MemoryFlash[]> {
  const states: MemoryFlash[] = [];
  const flash = device.flash.fork();
  const onOperation = (operation: BootOperation): void => {
    const state = flash.fork();
    if (kind === 'torn') tear({ ...device, flash: state }, operation);
    states.push(state);
  };
  await boot({ ...device, flash, onOperation });
  return states;
}

/** The image in the primary slot, as many bytes as asked for. */
export function primaryBytes({ flash, config }: Device, length: number): Uint8Array {
  return flash.read(placeOf(config, 'primary0').offsetBytes, length);
}

/** The device with bytes of its flash changed as no flash access could. */
export function poked<D extends Device>(device: D, offsetBytes: number, bytes: Uint8Array): D {
  const { flash } = device;
  const contents = flash.read(0, flash.sizeBytes);
  contents.set(bytes, offsetBytes);
  return { ...device, flash: new MemoryFlash(flash.geometry, contents) };
}

/** What came of a boot: the major version that runs, or how else it ended. */
export function ran({ outcome, image }: BootResult): number | string {
  return outcome === 'ok' ? (image?.header.version.major ?? 'nothing') : outcome;
}
