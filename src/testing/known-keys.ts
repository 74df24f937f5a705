import { DfuError, didYouMean } from '../bytes/index.ts';

/**
 * Throws `INVALID_ARGUMENT` for a key that means nothing: it is a slip, and what it meant would not happen.
 */
export function demandKnown(what: string, given: object, known: readonly string[]): void {
  const strange = Object.keys(given).find((key) => !known.includes(key));
  if (strange === undefined) return;
  const meant = didYouMean(strange, known);
  throw new DfuError('INVALID_ARGUMENT', `${what}: no option "${strange}"${meant}`);
}
