import { DfuError } from '../bytes/index.ts';

/** Throws `MALFORMED` for what is no UTF-8. */
export function textOf(bytes: Uint8Array, { what }: { readonly what: string }): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DfuError('MALFORMED', `${what}: expected text in UTF-8`, { cause });
  }
}
