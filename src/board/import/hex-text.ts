import { hexNumber } from '../../bytes/index.ts';
import type { FlashRange } from '../../flash/index.ts';

/** A number as board files have it where people think in hex. */
type HexText = `0x${string}`;

/** That number in hex, with so many digits at least. */
export function hex(value: number, digits?: number): HexText {
  return hexNumber(value, digits) as HexText;
}

/** A part of a flash, in hex. */
export function hexRange({ offsetBytes, sizeBytes }: FlashRange): {
  readonly offsetBytes: HexText;
  readonly sizeBytes: HexText;
} {
  return { offsetBytes: hex(offsetBytes), sizeBytes: hex(sizeBytes) };
}
