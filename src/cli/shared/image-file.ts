import { readIntelHex } from '../../image/index.ts';
import { isHexPath, readText } from './files.ts';
import type { Files } from './files.ts';

/** A firmware file as bytes, and its address if the format has one. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  /** Lowest address of an Intel HEX file; undefined for a binary. */
  readonly address: number | undefined;
}

/** Reads a file, Intel HEX by its ending `.hex`, anything else as binary. */
export function readImageFile(files: Files, path: string): ImageFile {
  if (!isHexPath(path)) return { bytes: files.read(path), address: undefined };
  return readIntelHex(readText(files, path));
}
