import { splitSuffix } from '../dfu/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { firstMemory, runOf } from './formats/lay-over.ts';
import { readSegments } from './formats/segment-file.ts';
import type { ReadSegmentsOptions } from './formats/segment-file.ts';
import { isSegmentFormat, segmentFormatNames } from './formats/segment-format.ts';
import type { SegmentFormat } from './formats/segment-format.ts';
import type { Segment } from './formats/segment.ts';
import { recognise } from './recognise.ts';
import type { Recognised } from './recognise.ts';

/** A file without its wrappings, and what they said. */
export interface Unwrapped {
  /** Of a file with addresses: from the lowest on, as far as one memory reaches; gaps are 0xff. */
  readonly bytes: Uint8Array;
  /** Where these bytes belong, if the file says it. */
  readonly address: number | undefined;
  /** The format that said so. */
  readonly segmentFormat: SegmentFormat | undefined;
  /** All that it has for an address, by address; none of a file without addresses. */
  readonly segments: readonly Segment[];
  /** Those that are not in `bytes`: configuration words, external flash, another core's. */
  readonly elsewhere: readonly Segment[];
  readonly suffix: Suffix | undefined;
  /** Why what stands at the end is no DFU suffix, if it looks like one. */
  readonly suffixProblem: string | undefined;
  readonly what: Recognised;
}

/**
 * Takes a DFU suffix off, and Intel HEX, S-records, UF2 or ELF, and says what is inside. Throws what
 * `readSegments` throws for such a file that is damaged.
 */
export function unwrapFile(file: Uint8Array, options: ReadSegmentsOptions = {}): Unwrapped {
  const { payload, suffix, problem } = splitSuffix(file);
  const wrappings = { suffix, suffixProblem: problem?.message };
  const what = recognise(payload);
  if (!isSegmentFormat(what.format)) {
    const none = { address: undefined, segmentFormat: undefined, segments: [], elsewhere: [] };
    return { bytes: payload, ...none, ...wrappings, what };
  }
  const segmentFormat = what.format;
  const segments = readSegments(payload, segmentFormat, options);
  const [near, elsewhere] = firstMemory(segments);
  const { bytes, address } = runOf(near, segmentFormatNames[segmentFormat]);
  const inside = recognise(bytes);
  return { bytes, address, segmentFormat, segments, elsewhere, ...wrappings, what: inside };
}
