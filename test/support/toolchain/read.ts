import { readFileSync } from 'node:fs';

/** A file of this folder. */
export function toolchainFile(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(name, import.meta.url)));
}
