import type { Algorithm } from '../../../../src/boot/mcuboot/index.ts';
import { application, bootAndCut, poked } from '../bench.ts';
import { toy } from '../toy.ts';
import type { Toy, ToyOptions } from '../toy.ts';
import { hearBoot } from './scenario.ts';

/** Sectors of a toy, and where its fields are in the trailer of the primary slot. */
const SECTOR = 256;
export const SECONDARY = 5 * SECTOR;
export const PRIMARY_END = 5 * SECTOR;
export const swapInfo = PRIMARY_END - 40;
export const swapSize = PRIMARY_END - 48;

/** What happens to a device before it boots; it may become another one. */
type Act = (device: Toy) => void | Toy | Promise<unknown>;

/** A pending toy to which something happens, and its boot. */
export function pending(algorithm: Algorithm, options: ToyOptions = {}, act?: Act) {
  return async (): Promise<readonly string[]> => {
    const device = await toy(algorithm, options);
    application(device).setPending();
    return hearBoot(await after(device, act));
  };
}

/** A toy without a request. */
export function idle(algorithm: Algorithm, options: ToyOptions = {}, act?: Act) {
  return async (): Promise<readonly string[]> =>
    hearBoot(await after(await toy(algorithm, options), act));
}

/** The same for an update that is meant for good. */
export function permanent(algorithm: Algorithm, options: ToyOptions) {
  return async (): Promise<readonly string[]> => {
    const device = await toy(algorithm, options);
    application(device).setPending({ permanent: true });
    return hearBoot(device);
  };
}

async function after(device: Toy, act: Act | undefined): Promise<Toy> {
  const found = await act?.(device);
  return typeof found === 'object' && found !== null && 'flash' in found ? (found as Toy) : device;
}

export const word = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

/** A swap that is cut, with a number of its trailer changed. */
export const cutAndPoke =
  (at: number, offset: number, bytes: Uint8Array) => async (device: Toy) => {
    await bootAndCut(device, at);
    return poked(device, offset, bytes);
  };
