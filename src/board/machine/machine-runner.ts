import { DfuError } from '../../bytes/index.ts';
import type { ChipModel } from '../../chip/index.ts';
import { MACHINE_CODE } from '../program/box.ts';
import { NOTHING_RUNS } from '../seams/nothing-runs.ts';
import type { Peripherals, Runner, RunningProgram } from '../seams/peripherals.ts';
import { chipOf, chipStart } from './chip-start.ts';
import { MachineEngine } from './engine.ts';
import { machineFlash } from './machine-flash.ts';
import { MachineOnBoard } from './machine-on-board.ts';
import type { MachineOptions } from './options.ts';
import { Pace } from './pace.ts';
import type { MachineOrder } from './protocol.ts';

/** The most that is executed before everything else has its turn, in ns of the chip's time. */
const SLICE_NS = 1e6;
/** How far the chip may be ahead of the board's clock to answer a transfer at once. */
const LEAD_NS = 5e6;
/** Two moments apart, however times are rounded, in ms. */
const LEAST_MS = 0.001;

/**
 * Executes machine code of chips that there is a model of, in the board's own thread and on its clock: with a virtual one
 * everything that happens is the same each time. The chip's time is the clock's, but for an answer to a transfer, which may be
 * computed up to 5 ms ahead of it.
 */
export class MachineRunner implements Runner {
  readonly takes: readonly number[] = [MACHINE_CODE];
  readonly #options: MachineOptions;

  constructor(options: MachineOptions = {}) {
    this.#options = options;
  }

  start(board: Peripherals): RunningProgram {
    const model = chipOf(board);
    return model === undefined ? NOTHING_RUNS : new MachineHere(board, model, this.#options);
  }
}

/** A chip in this thread. */
class MachineHere implements RunningProgram {
  readonly #board: Peripherals;
  readonly #end: MachineOnBoard;
  #engine: MachineEngine | undefined;
  readonly #pace: Pace;
  #cancel: (() => void) | undefined;
  /** Until then it does nothing by itself. */
  #idleNs = 0;
  #isRunning = false;
  #over = false;

  constructor(board: Peripherals, model: ChipModel, options: MachineOptions) {
    this.#board = board;
    this.#pace = new Pace(board.clock.now());
    const end = new MachineOnBoard(board, model, options);
    this.#end = end;
    try {
      const flash = machineFlash(board.flash, new Uint8Array(board.flash.sizeBytes));
      const order = { ...chipStart(board, model, options), flash, debug: end.debug() };
      const engine = new MachineEngine(order, (notice) => end.heard(notice));
      this.#engine = engine;
      end.connect({ flash, send: (each) => this.#send(engine, each) });
      this.#soon();
    } catch (error) {
      end.failed(`the chip cannot be started: ${errorText(error)}`);
    }
  }

  stop(): Promise<void> {
    this.#over = true;
    this.#cancel?.();
    this.#engine?.stop();
    this.#end.stop();
    return Promise.resolve();
  }

  #send(engine: MachineEngine, order: MachineOrder): void {
    if (!this.#isRunning) {
      const nowMs = this.#board.clock.now();
      if (order.type === 'resume') this.#pace.anchor(nowMs, engine.nowNs);
      // It has slept until now.
      const untilNs = Math.min(this.#pace.chipNs(nowMs), this.#idleNs);
      if (untilNs > engine.nowNs) this.#guarded(() => engine.run(untilNs));
    }
    engine.take(order);
    this.#soon();
  }

  /** Something has changed for it: it runs as soon as whoever has the word is done. */
  #soon(): void {
    if (!this.#isRunning) this.#at(this.#board.clock.now());
  }

  #at(timeMs: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#over || timeMs === Infinity) return;
    this.#cancel = this.#board.clock.at(timeMs, () => {
      this.#cancel = undefined;
      this.#slice();
    });
  }

  #slice(): void {
    const { clock } = this.#board;
    const engine = this.#engine;
    if (engine === undefined || this.#over) return;
    const nextNs = this.#guarded(() => this.#run(engine, clock.now()));
    if (nextNs === undefined) return;
    const nextMs = this.#pace.wallMs(nextNs);
    this.#at(nextMs > clock.now() ? Math.max(nextMs, clock.now() + LEAST_MS) : clock.now());
  }

  /** Nothing that is wrong in a chip's model ends the board. */
  #guarded<T>(work: () => T): T | undefined {
    this.#isRunning = true;
    try {
      return work();
    } catch (error) {
      if (!DfuError.is(error, 'POWER_LOST')) {
        this.#end.failed(`the chip's model has failed: ${errorText(error)}`);
      }
      this.#over = true;
      return undefined;
    } finally {
      this.#isRunning = false;
    }
  }

  /** The time of the chip at which it is to run again; undefined: when something is sent. */
  #run(engine: MachineEngine, nowMs: number): number | undefined {
    const pace = this.#pace;
    for (;;) {
      const leadNs = engine.isTransferring ? LEAD_NS : 0;
      const targetNs = pace.chipNs(nowMs) + leadNs;
      const { nowNs } = engine;
      if (nowNs >= targetNs) return nowNs + SLICE_NS - leadNs;
      const state = engine.run(Math.min(targetNs, Math.max(nowNs + SLICE_NS, this.#idleNs)));
      this.#idleNs = state.why === 'idle' ? state.nextNs : 0;
      switch (state.why) {
        case 'over':
        case 'halted':
          return undefined;
        case 'idle':
          if (state.nextNs > targetNs) return state.nextNs;
          break;
        case 'answered':
          break;
        case 'time':
          pace.reached(nowMs, engine.nowNs);
          return engine.nowNs < targetNs ? pace.chipNs(nowMs) : engine.nowNs + SLICE_NS - leadNs;
        default:
          state satisfies never;
      }
    }
  }
}

function errorText(error: unknown): string {
  return DfuError.is(error) ? error.message : String(error);
}
