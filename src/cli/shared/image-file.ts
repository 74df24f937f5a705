import { readIntelHex } from '../../image/index.ts';
import { isHexPath, readText } from './terminal.ts';
import type { ImageIo } from './terminal.ts';

/** A firmware file as bytes, and its address if the format has one. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  /** Lowest address of an Intel HEX file; undefined for a binary. */
  readonly address: number | undefined;
}

/** Reads a file, Intel HEX by its ending `.hex`, anything else as binary. */
export function readImageFile(io: ImageIo, path: string): ImageFile {
  if (!isHexPath(path)) return { bytes: io.read(path), address: undefined };
  return readIntelHex(readText(io, path));
}
