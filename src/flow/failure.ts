import { DfuError } from '../bytes/index.ts';
import { outcomeOf } from '../host/index.ts';
import type { FlowProblem } from './flow-state.ts';
import { said } from './flow-text.ts';
import type { FlowTextId } from './flow-texts.ts';

/** What was thrown as a `DfuError`: of a bus or a function of the caller's anything may come. */
export function asDfuError(error: unknown): DfuError {
  if (DfuError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DfuError('IO', message, { cause: error, outcome: outcomeOf(error) });
}

/** Why something did not go as it should, in a sentence that has the error's own words in it. */
export function problemOf(error: DfuError, id: FlowTextId, name = ''): FlowProblem {
  // Neither device nor file has anything to do with it.
  const about = error.code === 'NOT_LOADED' ? 'part-not-loaded' : id;
  return { code: error.code, said: said(about, { name, words: error.message }) };
}
