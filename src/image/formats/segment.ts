import { hexNumber } from '../../bytes/index.ts';

/** Bytes that stand together at one address. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Where a segment ends, exclusive. */
export function segmentEnd({ address, bytes }: Segment): number {
  return address + bytes.length;
}

/** `0x00000000 to 0x0000bfff (49152 bytes)`. */
export function rangeText(segment: Segment): string {
  const { address, bytes } = segment;
  const last = hexNumber(segmentEnd(segment) - 1, 8);
  return `${hexNumber(address, 8)} to ${last} (${bytes.length} bytes)`;
}
