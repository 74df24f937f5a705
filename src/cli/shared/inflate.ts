import { inflateRawSync } from 'node:zlib';

/** What a zip file is unpacked with: never to more bytes than it says itself. */
export function inflate(deflated: Uint8Array, mostBytes: number): Uint8Array {
  return Uint8Array.from(inflateRawSync(deflated, { maxOutputLength: Math.max(1, mostBytes) }));
}
