import { DfuError } from '../bytes/index.ts';
import type { FirmwareTarget } from '../image/index.ts';
import { isAllowed } from './allowances.ts';
import type { Allowance, Allowing } from './allowances.ts';

/** Something that is held against what is expected: right, wrong, or not to be known; in words. */
export type Finding =
  | { readonly is: 'right' | 'unknown'; readonly words: string }
  | {
      readonly is: 'wrong';
      readonly words: string;
      /** With which it is sent all the same; left out: with `force` alone. */
      readonly allowance?: Allowance | undefined;
    };

/** It is as it should be. */
export const right = (words: string): Finding => ({ is: 'right', words });

/** Nobody can say. */
export const unknown = (words: string): Finding => ({ is: 'unknown', words });

/** It is not for this device, or no image that it takes. */
export const wrong = (words: string, allowance?: Allowance): Finding => ({
  is: 'wrong',
  words,
  allowance,
});

function listed(words: readonly string[]): string {
  const [last = '', ...before] = words.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}

/** What was found, in sentences. */
export interface Held {
  /** What is right; none or one. */
  readonly confirmed: readonly string[];
  /** What is wrong and allowed, and what is not known. */
  readonly notes: readonly string[];
}

/** What was found. Throws `REFUSED` for what is wrong and not allowed. */
export function demandNothingWrong(
  { name }: FirmwareTarget,
  findings: readonly Finding[],
  allowing: Allowing,
): Held {
  const passed: string[] = [];
  for (const finding of findings) {
    if (finding.is !== 'wrong') continue;
    const { words, allowance } = finding;
    const message = `not for ${name}: ${words}`;
    const isPassed = allowance === undefined ? allowing.force : isAllowed(allowing, allowance);
    if (isPassed !== true) {
      throw new DfuError('REFUSED', message, { remedies: [allowance ?? 'force'] });
    }
    passed.push(`${message}; sent all the same`);
  }
  const of = (kind: Finding['is']): string[] => [
    ...new Set(findings.flatMap(({ is, words }) => (is === kind ? [words] : []))),
  ];
  const [good, open] = [of('right'), of('unknown')];
  const notKnown = open.map((words) => `whether it is for ${name} is not wholly known: ${words}`);
  return {
    confirmed: good.length > 0 ? [`as ${name} has it: ${listed(good)}`] : [],
    notes: [...passed, ...notKnown],
  };
}
