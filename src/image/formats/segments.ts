import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import { segmentEnd } from './segment.ts';
import type { Segment } from './segment.ts';

/** Where addresses end: 32 bits. */
const ADDRESS_END = 0x1_0000_0000;

/** Most pieces of a file that do not follow one another: what a build leaves has tens of them. */
const MOST_PIECES = 2 ** 19;

/** A piece of a file: bytes that follow one another in it and in memory. */
interface Piece {
  readonly address: number;
  /** Where its bytes begin in the order of the file. */
  readonly from: number;
  length: number;
  /** Line, block or header of its first byte. */
  readonly origin: number;
}

/** What a format calls itself and the places in its files, for messages. */
interface Wording {
  readonly format: string;
  /** `line`, `block`: what an origin counts. */
  readonly place: string;
}

/**
 * Takes the records of a file in its order and gives the segments that they are. What it keeps grows with
 * the bytes of the file, whatever their order; what touches becomes one segment.
 */
export class SegmentCollector {
  readonly #wording: Wording;
  readonly #pieces: Piece[] = [];
  #bytes: OwnBytes;
  #length = 0;

  constructor(wording: Wording, expectedBytes: number) {
    this.#wording = wording;
    this.#bytes = new Uint8Array(Math.max(64, expectedBytes));
  }

  /** Takes bytes that belong at an address. Throws `MALFORMED` past 32 bits of address. */
  add(address: number, bytes: Uint8Array, origin: number): void {
    if (bytes.length === 0) return;
    const end = address + bytes.length;
    if (end > ADDRESS_END) {
      const words = `expected addresses of 32 bits, got ${hexNumber(address)} to ${hexNumber(end)}`;
      throw this.error('MALFORMED', origin, words);
    }
    const from = this.#append(bytes);
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.address + last.length === address) {
      last.length += bytes.length;
      return;
    }
    if (this.#pieces.length === MOST_PIECES) {
      const words = `expected at most ${MOST_PIECES} pieces that do not follow one another, got more`;
      throw this.error('MALFORMED', origin, words);
    }
    this.#pieces.push({ address, from, length: bytes.length, origin });
  }

  /**
   * All that was taken, by address. A byte may be given twice if it is the same one: merged files do so.
   * Throws `MALFORMED` if two differ.
   */
  segments(): Segment[] {
    const sorted = this.#pieces.toSorted((one, other) => one.address - other.address);
    const segments: Segment[] = [];
    for (let at = 0; at < sorted.length;) {
      let end = 0;
      const first = at;
      for (; at < sorted.length; at += 1) {
        const { address, length } = sorted[at] as Piece;
        if (at > first && address > end) break;
        end = Math.max(end, address + length);
      }
      segments.push(this.#joined(sorted.slice(first, at), end));
    }
    return segments;
  }

  /** An error that names the place in the file. */
  error(code: 'MALFORMED' | 'TRUNCATED', origin: number, words: string): DfuError {
    const { format, place } = this.#wording;
    return new DfuError(code, `${format} ${place} ${origin}: ${words}`);
  }

  #append(bytes: Uint8Array): number {
    const from = this.#length;
    const needed = from + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, from));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, from);
    this.#length = needed;
    return from;
  }

  /** Pieces that touch or overlap, sorted, as one segment. */
  #joined(pieces: readonly Piece[], end: number): Segment {
    const address = pieces[0]?.address ?? 0;
    const bytes = new Uint8Array(end - address);
    let filled = address;
    for (const piece of pieces) {
      const data = this.#bytes.subarray(piece.from, piece.from + piece.length);
      const twice = Math.min(Math.max(0, filled - piece.address), data.length);
      for (let at = 0; at < twice; at += 1) {
        const there = piece.address + at;
        const [one, other] = [bytes[there - address] ?? 0, data[at] ?? 0];
        if (one === other) continue;
        const values = `${hexNumber(one, 2)} and ${hexNumber(other, 2)}`;
        const words = `the byte at ${hexNumber(there, 8)} is given twice, as ${values}`;
        throw this.error('MALFORMED', piece.origin, words);
      }
      bytes.set(data.subarray(twice), piece.address + twice - address);
      filled = Math.max(filled, piece.address + data.length);
    }
    return { address, bytes };
  }
}

/** One segment of each run of touching ones, by address; of overlapping bytes the later segment's count. */
export function joinTouching(segments: readonly Segment[]): Segment[] {
  const sorted = segments
    .filter(({ bytes }) => bytes.length > 0)
    .toSorted((one, other) => one.address - other.address);
  const runs: { address: number; end: number; parts: Segment[] }[] = [];
  for (const segment of sorted) {
    const end = segmentEnd(segment);
    const run = runs.at(-1);
    if (run !== undefined && segment.address <= run.end) {
      run.end = Math.max(run.end, end);
      run.parts.push(segment);
    } else runs.push({ address: segment.address, end, parts: [segment] });
  }
  return runs.map(({ address, end, parts }) => {
    const bytes = new Uint8Array(end - address);
    for (const part of parts) bytes.set(part.bytes, part.address - address);
    return { address, bytes };
  });
}
