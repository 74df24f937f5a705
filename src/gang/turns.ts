import { DfuError } from '../bytes/index.ts';
import type { Selection } from '../host/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { UnitBus } from './roster.ts';
import type { GangEvent, GangUnit, UnitResult } from './unit.ts';

/** A unit that has been found, and its place. */
export interface Member {
  readonly unit: GangUnit;
  readonly selection: Selection;
  readonly bus: UnitBus;
  /** Serial numbers that it has been seen with. */
  readonly serials: Set<string>;
}

/** How many are worked on at a time, and in all. */
interface TurnTerms {
  readonly signal?: CancelSignal | undefined;
  readonly jobs: number;
  /** Units until it ends; undefined: those that are there at the beginning. */
  readonly watch?: number | undefined;
  readonly tell: (event: GangEvent) => void;
}

/** Whose turn it is: units that wait, that are worked on, and what has become of the others. */
export class Turns {
  readonly results: UnitResult[] = [];
  readonly #terms: TurnTerms;
  readonly #running = new Set<Member>();
  readonly #waiting: Member[] = [];

  constructor(terms: TurnTerms) {
    this.#terms = terms;
  }

  /** Those that are worked on. */
  get running(): readonly Member[] {
    return [...this.#running];
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  wait(member: Member): void {
    this.#waiting.push(member);
  }

  /** The next one that may begin, which is worked on from now on; undefined: none. */
  next(): Member | undefined {
    const member = this.#mayBegin ? this.#waiting.shift() : undefined;
    if (member !== undefined) this.#running.add(member);
    return member;
  }

  ended(member: Member, result: UnitResult): void {
    this.#running.delete(member);
    this.results.push(result);
  }

  /** Whether as many have ended as are wanted; without a count, whether nobody waits. */
  get isOver(): boolean {
    const { watch } = this.#terms;
    return watch === undefined ? this.#waiting.length === 0 : this.#worked >= watch;
  }

  /** Those whose turn did not come before the signal. */
  cancelWaiting(): void {
    const { signal, tell } = this.#terms;
    if (signal?.aborted !== true) return;
    for (const { unit } of this.#waiting.splice(0)) {
      const error = new DfuError('ABORTED', 'cancelled before it was its turn');
      const end = { outcome: 'unchanged', attempts: 0, ms: 0 } as const;
      this.results.push({ ...unit, ...end, values: [], error });
      const { code, message } = error;
      tell({ type: 'ended', unit: unit.unit, ...end, code, message });
    }
  }

  get #mayBegin(): boolean {
    const { jobs, signal } = this.#terms;
    return this.#running.size < jobs && signal?.aborted !== true && !this.#isFull;
  }

  /** With a count: as many have ended and run as are wanted. */
  get #isFull(): boolean {
    const { watch } = this.#terms;
    return watch !== undefined && this.#worked + this.#running.size >= watch;
  }

  get #worked(): number {
    return this.results.filter(({ outcome }) => outcome !== 'skipped').length;
  }
}
