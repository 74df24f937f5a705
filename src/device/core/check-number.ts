import { DfuError } from '../../bytes/index.ts';

/** Throws `INVALID_ARGUMENT` unless `value` is a whole number from `least` to `most`. */
export function checkNumber(
  name: string,
  value: number,
  [least, most]: readonly [number, number],
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new DfuError('INVALID_ARGUMENT', `${name}: expected ${least} to ${most}, got ${value}`);
}
