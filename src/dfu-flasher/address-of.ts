import { DfuError } from '../bytes/index.ts';

/** Throws `INVALID_ARGUMENT` for what is no address. */
export function addressOf(relative: string, base: string, what: string): string {
  try {
    return new URL(relative, base).href;
  } catch (cause) {
    const message = `${what}: expected an address, got ${JSON.stringify(relative)}`;
    throw new DfuError('INVALID_ARGUMENT', message, { cause });
  }
}
