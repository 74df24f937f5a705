import { segmentFormats } from './formats/segment-format.ts';
import type { SegmentFormat } from './formats/segment-format.ts';

/** A format that a file can be read as: `bin` takes it for what it is, byte for byte. */
export type InputFormat = SegmentFormat | 'dfuse' | 'bin';

/** Every format that a file can be read as. */
export const inputFormats: readonly InputFormat[] = ['bin', 'dfuse', ...segmentFormats];
