import type { BootConfig, BootResult, ImageJudge } from '../../../src/boot/mcuboot/index.ts';
import { ApplicationSide, boot } from '../../../src/boot/mcuboot/index.ts';
import type { BootOperation } from '../../../src/boot/mcuboot/index.ts';
import type { FlashGeometry } from '../../../src/flash/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import { placeOf } from '../../../src/boot/mcuboot/index.ts';
import { powerLost } from './replay.ts';

/** A device to try things on: flash, build and judge. */
export interface Device {
  readonly flash: MemoryFlash;
  readonly config: BootConfig;
  readonly judge: ImageJudge;
}

/** Sizes of a layout to make: one image, two slots, perhaps scratch. */
export interface LayoutOptions {
  readonly algorithm: BootConfig['algorithm'];
  readonly sectorBytes: number;
  readonly primarySectors: number;
  readonly secondarySectors?: number;
  readonly scratchSectors?: number;
  readonly writeUnitBytes: number;
  readonly erasedValue?: 0x00 | 0xff;
  readonly more?: Partial<BootConfig>;
}

/** A build whose areas lie one behind the other, and flash that fits. */
export function layOut(options: LayoutOptions): { config: BootConfig; geometry: FlashGeometry } {
  const { algorithm, sectorBytes, primarySectors, scratchSectors = 1 } = options;
  const { secondarySectors = primarySectors, writeUnitBytes, erasedValue = 0xff } = options;
  const at = (from: number, count: number): { offsetBytes: number; sizeBytes: number } => ({
    offsetBytes: from * sectorBytes,
    sizeBytes: count * sectorBytes,
  });
  const scratch = at(primarySectors + secondarySectors, scratchSectors);
  const config: BootConfig = {
    algorithm,
    images: [{ primary: at(0, primarySectors), secondary: at(primarySectors, secondarySectors) }],
    ...(algorithm === 'swap-using-scratch' ? { scratch } : {}),
    maxImgSectors: Math.max(primarySectors, secondarySectors),
    ...options.more,
  };
  const count = primarySectors + secondarySectors + scratchSectors;
  const sectors = [{ sizeBytes: sectorBytes, count }];
  return { config, geometry: { sectors, writeUnitBytes, erasedValue } };
}

/** Where an upload goes: one sector up with swap using offset. */
export function uploadOffset(config: BootConfig, sectorBytes: number): number {
  return config.algorithm === 'swap-using-offset' ? sectorBytes : 0;
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

/** How the operation that the cut falls into is left: not begun, or half done. */
export type CutKind = 'clean' | 'torn';

/** One boot that loses power at this operation, counted from 0; undefined if it ends before that. */
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

/** Half of a write, in whole write units. Half of an erase needs no flash access to be a hazard: skip. */
function tear({ flash, config }: Device, { area, offsetBytes, bytes }: BootOperation): void {
  if (bytes === undefined) return;
  const unit = flash.geometry.writeUnitBytes;
  const half = Math.floor(bytes.length / 2 / unit) * unit;
  const start = placeOf(config, area).offsetBytes + offsetBytes;
  if (half > 0) flash.program(start, bytes.subarray(0, half));
}

/** Every state that a power cut of the next boot can leave, one for each operation. */
export async function statesOfCuts(device: Device): Promise<MemoryFlash[]> {
  const states: MemoryFlash[] = [];
  const flash = device.flash.fork();
  const onOperation = (): void => void states.push(flash.fork());
  await boot({ ...device, flash, onOperation });
  return states;
}

/** The image in the primary slot, as many bytes as asked for. */
export function primaryBytes({ flash, config }: Device, length: number): Uint8Array {
  return flash.read(placeOf(config, 'primary0').offsetBytes, length);
}
