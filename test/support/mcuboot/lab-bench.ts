import { resolve } from 'node:path';
import type { Algorithm, BootConfig } from '../../../src/boot/mcuboot/index.ts';
import { ApplicationSide, ImageJudge } from '../../../src/boot/mcuboot/index.ts';
import type { PrivateKey } from '../../../src/image/index.ts';
import { generateKey, isPrivateKey } from '../../../src/image/index.ts';
import type { LabDevice } from '../../../src/lab/index.ts';
import type { LayoutOptions } from './bench.ts';
import { flashWith, layOut } from './bench.ts';
import { makeImage } from './images.ts';
import { deviceBefore } from './replay.ts';
import type { BootVector } from './vector-files.ts';
import { VectorFolder, configOf } from './vector-files.ts';

/** The vectors that the C library made. */
export const vectors: VectorFolder = new VectorFolder(
  resolve(import.meta.dirname, '../../vectors/mcuboot'),
);

/** The device of a boot scenario before a step, for the laboratory. */
export async function scenario(name: string, step: number): Promise<LabDevice> {
  const { flash, judge, vector } = await deviceBefore(vectors, `boot/${name}`, step);
  return { flash, judge, config: configOf(vector.config) };
}

/** The same device where the application has asked for the secondary image. */
export async function pending(name: string, permanent = false): Promise<LabDevice> {
  const device = await scenario(name, 0);
  new ApplicationSide(device.flash, device.config).setPending({ permanent });
  return device;
}

/** A scenario as its file has it. */
export function vectorOf(name: string): BootVector {
  return vectors.json(`boot/${name}`) as BootVector;
}

let signer: PrivateKey | undefined;

/** The key that forged devices trust. */
export async function labKey(): Promise<PrivateKey> {
  if (signer === undefined) {
    const key = await generateKey('ed25519');
    if (!isPrivateKey(key)) throw new Error('no private half');
    signer = key;
  }
  return signer;
}

/** A signed image of this version and payload size. */
export async function forgeImage(
  major: number,
  payloadBytes: number,
  key?: PrivateKey,
): Promise<Uint8Array> {
  return makeImage({ major, payloadBytes, key: key ?? (await labKey()) });
}

/** A device with version 1 in the primary slot and version 2 in the secondary one. */
export async function forgeDevice(
  options: Partial<LayoutOptions> & {
    readonly algorithm: Algorithm;
    readonly payloadBytes?: number | undefined;
  },
  more: Partial<BootConfig> = {},
): Promise<LabDevice> {
  const { payloadBytes = 3000, ...rest } = options;
  const sizes = { sectorBytes: 1024, primarySectors: 10, writeUnitBytes: 4, ...rest };
  const layout = layOut({ ...sizes, more });
  const images = [await forgeImage(1, payloadBytes), await forgeImage(2, payloadBytes + 100)];
  const key = await labKey();
  return {
    flash: flashWith(layout, images),
    config: layout.config,
    judge: new ImageJudge({ signature: 'ed25519', keys: [key] }),
    keys: [key],
  };
}
