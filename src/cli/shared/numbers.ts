import { DfuError } from '../../bytes/index.ts';

/** Reads a whole number, decimal or 0x hex, for an option. Throws `INVALID_ARGUMENT`. */
export function wholeNumber(
  option: string,
  [least, most]: readonly [number, number],
): (text: string) => number {
  return (text) => {
    const value = /^(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      const range = `expected a whole number from ${least} to ${most}, got "${text}"`;
      throw new DfuError('INVALID_ARGUMENT', `${option}: ${range}`);
    }
    return value;
  };
}

/** Reads a time in seconds, fractions allowed, as milliseconds. Throws `INVALID_ARGUMENT`. */
export function seconds(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= most)) {
      const range = `expected seconds, more than 0 and at most ${most}, got "${text}"`;
      throw new DfuError('INVALID_ARGUMENT', `${option}: ${range}`);
    }
    return value * 1000;
  };
}
