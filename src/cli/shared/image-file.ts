import { hexNumber } from '../../bytes/index.ts';
import {
  MOST_SPAN_BYTES,
  firstMemory,
  readSegments,
  recognise,
  runOf,
  segmentEnd,
} from '../../image/index.ts';
import type { Segment } from '../../image/index.ts';
import { isHexPath } from './files.ts';
import { inFile, tellLeftOut } from './firmware-file.ts';
import type { Terminal } from './terminal.ts';

/** A firmware file as bytes, and its address if the format has one. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  /** Lowest address of an Intel HEX file; undefined for a binary. */
  readonly address: number | undefined;
}

/** The segments of each memory that a file has something for, by the gaps between them. */
function memoriesOf(segments: readonly Segment[]): (readonly Segment[])[] {
  const memories: (readonly Segment[])[] = [];
  for (let rest = segments; rest.length > 0;) {
    const [near, elsewhere] = firstMemory(rest);
    memories.push(near);
    rest = elsewhere;
  }
  return memories;
}

/**
 * The segments of the image: all of them, as imgtool has it, gaps and all, if they lie near enough to be one; if
 * not, those of the memory that an MCUboot image begins, or else of the one that has the most in it. What is left
 * are configuration words and other cores.
 */
function imageSegments(segments: readonly Segment[]): readonly Segment[] {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return segments;
  if (segmentEnd(last) - first.address <= MOST_SPAN_BYTES) return segments;
  const memories = memoriesOf(segments);
  const image = memories.find(
    ([begin]) => begin !== undefined && recognise(begin.bytes).format === 'mcuboot',
  );
  if (image !== undefined) return image;
  const sizeOf = (memory: readonly Segment[]): number =>
    memory.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return memories.reduce((most, each) => (sizeOf(each) > sizeOf(most) ? each : most));
}

/**
 * Reads a file as imgtool does: Intel HEX by its ending `.hex`, anything else as binary. Names what a HEX file
 * has for another memory than the image. Throws what `readSegments` throws, with the path in front.
 */
export function readImageFile(terminal: Terminal, path: string): ImageFile {
  const file = terminal.files.read(path);
  if (!isHexPath(path)) return { bytes: file, address: undefined };
  const segments = inFile(path, () => readSegments(file, 'hex'));
  const image = imageSegments(segments);
  const run = inFile(path, () => runOf(image, 'Intel HEX'));
  const taken = new Set(image);
  const elsewhere = segments.filter((each) => !taken.has(each));
  const why = `for another memory than the image at ${hexNumber(run.address, 8)}`;
  tellLeftOut(terminal, path, { segments: elsewhere, why });
  return run;
}
