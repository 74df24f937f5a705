import { bcdOf } from '../usb/index.ts';
import type { ManifestBoard } from './firmware-manifest.ts';

/** bcdDevice as a manifest writes it. */
export const BCD_TEXT: RegExp = /^([0-9a-fA-F]{4}|[0-9]{1,2}\.[0-9]{2})$/;

/** First and last bcdDevice of a board, as numbers. */
export function bcdRange({ bcdDevice = {} }: ManifestBoard): readonly [number, number] {
  const { least, most } = bcdDevice;
  return [
    least === undefined ? 0 : (bcdOf(least) ?? 0),
    most === undefined ? 0xffff : (bcdOf(most) ?? 0xffff),
  ];
}
