import { Pace } from '../index.ts';
import type { EngineState, MachineOrder } from '../index.ts';

/** How a chip's time goes beside that of the machine that executes it. */
export type MachineTime =
  /** As fast as that of the world, at most: what takes the chip a second takes one. */
  | 'real'
  /** As fast as this machine can, wherever the program executes something. Where it sleeps, it sleeps. */
  | 'fast';

/** What of an engine is needed here. */
interface Timed {
  readonly nowNs: number;
  readonly isTransferring: boolean;
  readonly isAttached: boolean;
  run(untilNs: number): EngineState;
}

/** What is executed before the board is listened to again, in ns of the chip's time. */
const SLICE_NS = 250_000;
/** How far ahead of the world an answer may be computed. */
const LEAD_NS = 5e6;
/** A program that goes round and round, and never sleeps, while its host is quiet for so long, in ms, gets little of the processor. */
const QUIET_MS = 100;
const VERY_QUIET_MS = 3000;
/** And this is how little: so many ns of the chip's time, then so many ms of nothing. */
const QUIET_SHARE = { ns: 1_000_000, ms: 2 } as const;
const VERY_QUIET_SHARE = { ns: 100_000, ms: 8 } as const;
/** The longest sleep, in ms: somebody may have forgotten to wake it. */
const LONGEST_MS = 1000;

/** When a chip in a thread runs, and how long the thread sleeps in between. */
export class ChipTime {
  readonly #engine: Timed;
  readonly #time: MachineTime;
  readonly #now: () => number;
  readonly #pace: Pace;
  /** When something last happened that its host, or a person, has to do with, or when it last slept. */
  #busyMs: number;
  /** Until then it does nothing by itself. */
  #idleNs = 0;
  #halted = false;

  constructor(engine: Timed, time: MachineTime, now: () => number) {
    this.#engine = engine;
    this.#time = time;
    this.#now = now;
    this.#pace = new Pace(now());
    this.#busyMs = now();
  }

  /** Something is about to be told to the engine. */
  heard({ type }: MachineOrder): void {
    const nowMs = this.#now();
    if (type !== 'ping') this.#busyMs = nowMs;
    if (type === 'resume') {
      this.#halted = false;
      this.#pace.anchor(nowMs, this.#engine.nowNs);
      return;
    }
    // It has slept until now.
    const untilNs = Math.min(this.#pace.chipNs(nowMs), this.#idleNs);
    if (untilNs > this.#engine.nowNs && !this.#halted) this.#engine.run(untilNs);
  }

  /** Lets the chip run; the answer is how long there is nothing to do, in ms, undefined: for ever, it is over. */
  slice(): number | undefined {
    const engine = this.#engine;
    const pace = this.#pace;
    const nowMs = this.#now();
    if (engine.isTransferring || !engine.isAttached) this.#busyMs = nowMs;
    const leadNs = engine.isTransferring ? LEAD_NS : 0;
    const targetNs = pace.chipNs(nowMs) + leadNs;
    if (engine.nowNs >= targetNs && !this.#halted) {
      const executes = this.#idleNs === 0;
      if (this.#time === 'real' || !executes) return this.#until(engine.nowNs - leadNs, nowMs);
      pace.anchor(nowMs, engine.nowNs);
    }
    const share = this.#share(nowMs);
    const sliceNs = share === undefined ? SLICE_NS : share.ns;
    const endNs = Math.max(engine.nowNs + sliceNs, this.#idleNs);
    const fastNs = this.#time === 'fast' ? Infinity : targetNs;
    const state = engine.run(Math.min(endNs, this.#idleNs > 0 ? targetNs : fastNs));
    this.#idleNs = state.why === 'idle' ? state.nextNs : 0;
    switch (state.why) {
      case 'over':
        return undefined;
      case 'halted':
        this.#halted = true;
        return LONGEST_MS;
      case 'idle':
        // What it does when it wakes has an end.
        this.#busyMs = this.#now();
        return state.nextNs > targetNs ? this.#until(state.nextNs, nowMs) : 0;
      case 'answered':
        return 0;
      case 'time':
        pace.reached(this.#now(), engine.nowNs);
        return share?.ms ?? 0;
      default:
        return state satisfies never;
    }
  }

  #share(nowMs: number): { readonly ns: number; readonly ms: number } | undefined {
    const quietMs = nowMs - this.#busyMs;
    if (quietMs < QUIET_MS) return undefined;
    return quietMs < VERY_QUIET_MS ? QUIET_SHARE : VERY_QUIET_SHARE;
  }

  #until(chipNs: number, nowMs: number): number {
    return Math.min(LONGEST_MS, Math.max(0.05, this.#pace.wallMs(chipNs) - nowMs));
  }
}
