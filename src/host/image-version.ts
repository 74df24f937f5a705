import { DfuError } from '../bytes/index.ts';
import { readImageHeader, recognise } from '../image/index.ts';
import type { ImageVersion } from '../image/index.ts';

/** The version of an MCUboot image; undefined for anything else, a header that cannot be one included. */
export function imageVersion(bytes: Uint8Array): ImageVersion | undefined {
  if (recognise(bytes).format !== 'mcuboot') return undefined;
  try {
    return readImageHeader(bytes).version;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}
