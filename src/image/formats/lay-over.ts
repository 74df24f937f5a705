import { DfuError } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import { segmentEnd } from './segment.ts';
import type { Segment } from './segment.ts';

/** Most bytes between the lowest and the highest address: two lines must not fill the memory. */
export const MOST_SPAN_BYTES: number = 64 * 1024 * 1024;

/**
 * Most bytes of nothing within one memory. Configuration words (UICR) and external flash lie farther from
 * the program than that; a slot's trailer does not lie that far from its image.
 */
const MOST_GAP_BYTES = 8 * 1024 * 1024;

/** What of a file lies within an area, and what does not. */
export interface LaidOver {
  /** As long as the area; what the file does not have is the filler. */
  readonly bytes: OwnBytes;
  /** What lies elsewhere, by address. */
  readonly outside: readonly Segment[];
}

/** Lays segments over an area of memory. A segment across its edge is cut there. */
export function layOver(
  segments: readonly Segment[],
  { baseAddress, sizeBytes }: MemoryRange,
  filler = 0xff,
): LaidOver {
  const bytes = new Uint8Array(sizeBytes).fill(filler);
  const outside: Segment[] = [];
  const end = baseAddress + sizeBytes;
  for (const segment of segments) {
    const { address } = segment;
    const from = Math.min(Math.max(baseAddress - address, 0), segment.bytes.length);
    const to = Math.max(from, Math.min(end - address, segment.bytes.length));
    if (from > 0) outside.push({ address, bytes: segment.bytes.subarray(0, from) });
    if (to > from) bytes.set(segment.bytes.subarray(from, to), address + from - baseAddress);
    if (to < segment.bytes.length) {
      outside.push({ address: address + to, bytes: segment.bytes.subarray(to) });
    }
  }
  return { bytes, outside };
}

/** One run of bytes from the lowest to the highest address. Throws `MALFORMED` over 64 MiB. */
export function runOf(
  segments: readonly Segment[],
  format: string,
  filler = 0xff,
): { readonly address: number; readonly bytes: OwnBytes } {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) {
    throw new DfuError('MALFORMED', `${format}: expected data, got none`);
  }
  const { address } = first;
  const sizeBytes = segmentEnd(last) - address;
  if (sizeBytes > MOST_SPAN_BYTES) {
    const words = `expected addresses within ${MOST_SPAN_BYTES} bytes, got ${sizeBytes}`;
    throw new DfuError('MALFORMED', `${format}: ${words}`);
  }
  const { bytes } = layOver(segments, { baseAddress: address, sizeBytes }, filler);
  return { address, bytes };
}

/** Which segments lie in the memory of the lowest one, by the gaps between them, and which do not. */
export function firstMemory(
  segments: readonly Segment[],
): readonly [near: readonly Segment[], elsewhere: readonly Segment[]] {
  const [first] = segments;
  let end = first?.address ?? 0;
  let count = 0;
  for (const segment of segments) {
    const within = segmentEnd(segment) - (first?.address ?? 0) <= MOST_SPAN_BYTES;
    if (segment.address - end > MOST_GAP_BYTES || (count > 0 && !within)) break;
    end = segmentEnd(segment);
    count += 1;
  }
  return [segments.slice(0, count), segments.slice(count)];
}
