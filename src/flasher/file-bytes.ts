import { DfuError } from '../bytes/index.ts';

/** The bytes of a file, or what gives them: a `File` or a `Blob` does. */
export type FileBytes = ArrayBufferView | ArrayBuffer | { arrayBuffer(): Promise<ArrayBuffer> };

/** Throws `INVALID_ARGUMENT` for anything else. */
export async function bytesOf(file: FileBytes): Promise<Uint8Array> {
  const given: unknown = file;
  if (typeof given !== 'object' || given === null) throw noBytes(given);
  if (ArrayBuffer.isView(given)) {
    return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  }
  // Also of another realm, where instanceof is false.
  if (Object.prototype.toString.call(given) === '[object ArrayBuffer]') {
    return new Uint8Array(given as ArrayBuffer);
  }
  const { arrayBuffer } = given as { readonly arrayBuffer?: unknown };
  if (typeof arrayBuffer !== 'function') throw noBytes(given);
  return new Uint8Array((await arrayBuffer.call(given)) as ArrayBuffer);
}

function noBytes(given: unknown): DfuError {
  const got = typeof given === 'string' ? 'a text (a path? read it first)' : typeof given;
  const message = `file: expected its bytes (Uint8Array, ArrayBuffer or Blob), got ${got}`;
  return new DfuError('INVALID_ARGUMENT', message);
}
