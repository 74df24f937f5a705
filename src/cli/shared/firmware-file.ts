import { DfuError } from '../../bytes/index.ts';
import { rangeText, readIntelHex, unwrapFile } from '../../image/index.ts';
import type { ReadSegmentsOptions, Segment, Unwrapped } from '../../image/index.ts';
import { isHexPath } from './files.ts';
import type { Files } from './files.ts';
import { warn } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** What a read of a file throws, with its path in front: only the caller knows which file it was. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    throw new DfuError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}

/**
 * A firmware file without its wrappings, whatever its name; what is called `.hex` must be Intel HEX.
 * Throws what `unwrapFile` throws, with the path in front.
 */
export function readFirmware(
  files: Files,
  path: string,
  options: ReadSegmentsOptions = {},
): Unwrapped {
  const file = files.read(path);
  return inFile(path, () => {
    const unwrapped = unwrapFile(file, options);
    const isPlain = unwrapped.segmentFormat === undefined && unwrapped.what.format === 'binary';
    if (isPlain && isHexPath(path)) readIntelHex(new TextDecoder().decode(file));
    return unwrapped;
  });
}

/** Says which bytes of a file are not used, and why: nothing is left out in silence. */
export function tellLeftOut(
  terminal: Terminal,
  path: string,
  { segments, why }: { readonly segments: readonly Segment[]; readonly why: string },
): void {
  const shown = segments.slice(0, 8).map(rangeText);
  const rest = segments.length > shown.length ? [`${segments.length - shown.length} more`] : [];
  if (shown.length === 0) return;
  warn(terminal, `${path}: left out, ${why}: ${[...shown, ...rest].join(', ')}`);
}
