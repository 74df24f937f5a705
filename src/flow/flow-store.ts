import { DfuError } from '../bytes/index.ts';
import { Canceller } from '../usb/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { asDfuError, problemOf } from './failure.ts';
import type { FlowLog } from './flow-log.ts';
import type { FlowState } from './flow-state.ts';

/** Work that leads from one state to the next. */
interface Task {
  readonly canceller: Canceller;
  /** Resolves when it is over, however. */
  readonly over: Promise<void>;
  /** Where it leads, whatever comes of it. */
  instead: FlowState | undefined;
}

/** Where a flow stands, who is told, and the one thing that is under way. */
export class FlowStore {
  readonly #log: FlowLog;
  readonly #listeners = new Set<(state: FlowState) => void>();
  #state: FlowState = { step: 'idle', problem: undefined };
  #task: Task | undefined;

  constructor(log: FlowLog) {
    this.#log = log;
  }

  get state(): FlowState {
    return this.#state;
  }

  subscribe(listener: (state: FlowState) => void): () => void {
    // The same function twice is told twice, and taken off one by one.
    const own = (state: FlowState): void => listener(state);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** The state, if it is one of these steps. Throws `INVALID_ARGUMENT`. */
  demand<Step extends FlowState['step']>(
    what: string,
    ...steps: readonly Step[]
  ): Extract<FlowState, { readonly step: Step }> {
    const state = this.#state;
    const isOne = (is: FlowState): is is Extract<FlowState, { readonly step: Step }> =>
      steps.some((step) => step === is.step);
    if (isOne(state)) return state;
    const expected = steps.map((step) => `"${step}"`).join(' or ');
    const message = `${what}: expected a flow that is ${expected}, it is "${state.step}"`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }

  /** The next state. */
  go(state: FlowState): void {
    this.#state = state;
    this.#log.state(state);
    for (const listener of this.#listeners) {
      // Somebody who was told has gone on already: he has told the others.
      if (this.#state !== state) return;
      this.guarded(() => listener(state));
    }
  }

  /** Calls somebody else's function: what it throws stops nothing here. */
  guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.add(`a listener has thrown: ${String(error)}`);
    }
  }

  /** Does work that leads from one state to the next. `work` throws nothing that is to be told. */
  async during(
    state: FlowState,
    work: (signal: CancelSignal) => Promise<FlowState>,
  ): Promise<void> {
    let ends: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      ends = resolve;
    });
    const task: Task = { canceller: new Canceller(), over, instead: undefined };
    this.#task = task;
    this.go(state);
    try {
      const next = await work(task.canceller.signal);
      this.#task = undefined;
      this.go(task.instead ?? next);
    } catch (error) {
      // A defect: nobody shall stay where nothing goes on.
      this.#task = undefined;
      this.go({ step: 'idle', problem: problemOf(asDfuError(error), 'connect-failed') });
      throw error;
    } finally {
      ends();
    }
  }

  /** Ends what is under way: it leads to where it leads when it is cancelled. */
  async cancel(): Promise<void> {
    this.#task?.canceller.cancel();
    await this.#task?.over;
  }

  /** Ends what is under way, and goes on there. */
  async leave(state: FlowState): Promise<void> {
    if (this.#task === undefined) this.go(state);
    else {
      this.#task.instead = state;
      await this.cancel();
    }
  }
}
