import { DfuError, didYouMean } from '../bytes/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import type { PowerCutOptions } from './options.ts';

/**
 * Throws `INVALID_ARGUMENT` for a key that means nothing: it is a slip, and what it meant would not happen.
 */
export function demandKnown(what: string, given: object, known: readonly string[]): void {
  const strange = Object.keys(given).find((key) => !known.includes(key));
  if (strange === undefined) return;
  const meant = didYouMean(strange, known);
  throw new DfuError('INVALID_ARGUMENT', `${what}: no option "${strange}"${meant}`);
}

/** Throws `INVALID_ARGUMENT` for a power cut that cannot be meant so. */
export function demandCut(options: PowerCutOptions): void {
  demandKnown('powerCut', options, ['afterOperations', 'kind']);
  const { afterOperations, kind = 'clean' } = options;
  if (!powerCutKinds.includes(kind)) {
    const words = `powerCut: expected "kind" out of ${powerCutKinds.join(', ')}, got ${kind}`;
    throw new DfuError('INVALID_ARGUMENT', words);
  }
  if (kind === 'clean' || afterOperations !== undefined) return;
  const words = `powerCut: "${kind}" is for an operation: say in which with "afterOperations"`;
  throw new DfuError('INVALID_ARGUMENT', words);
}
