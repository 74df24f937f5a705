import type { DfuSeOperation, DfuSePlan } from './dfuse-plan.ts';

/** Walks a plan, one operation at a time: nothing of it is kept. */
export class PlanWalk {
  readonly #ending: readonly DfuSeOperation[];
  #rest: Iterator<DfuSeOperation>;
  #ends = false;

  constructor({ operations, ending }: Pick<DfuSePlan, 'operations' | 'ending'>) {
    this.#ending = ending;
    this.#rest = operations[Symbol.iterator]();
  }

  /** The next operation; with `toEnd` the first of the ending, whatever else there was to do. */
  next(toEnd: boolean): DfuSeOperation | undefined {
    if (!toEnd || this.#ends) {
      const next = this.#rest.next();
      if (next.done !== true) return next.value;
      if (this.#ends) return undefined;
    }
    this.#ends = true;
    this.#rest = this.#ending[Symbol.iterator]();
    return this.next(false);
  }
}
