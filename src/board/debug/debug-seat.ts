import type { Clock } from '../../usb/index.ts';
import type { BoardEvent } from '../seams/board-event.ts';
import type {
  DebugAnswer,
  DebugRequest,
  DebugStart,
  DebugStop,
  DebugTarget,
  MachineDebugger,
} from './target.ts';

/** How long a chip may take to answer: it is in this process, or in a thread of it. */
const ANSWER_MS = 5000;

/** How long after the boot loader's decision machine code may take to begin. */
const BEGIN_MS = 2000;

/** Who sits there. */
export interface SeatListener {
  stopped(stop: DebugStop): void;
  /** The board has lost its power. */
  powerLost(): void;
}

/**
 * A debugger's place at a board. The chip in front of it comes and goes with every reset; what is wanted of it (breakpoints,
 * whether it begins halted) stays.
 */
export class DebugSeat implements MachineDebugger {
  /** The next chip begins halted. */
  holds: boolean;
  readonly #clock: Clock;
  /** Who waits until this chip stands, and who until a chip stands. */
  readonly #halting = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #listener: SeatListener | undefined;
  #target: DebugTarget | undefined;
  #stop: DebugStop | undefined;
  #breakpoints: readonly number[] = [];
  #cancelWait: (() => void) | undefined;

  constructor(clock: Clock, { holds }: { readonly holds: boolean }) {
    this.#clock = clock;
    this.holds = holds;
  }

  /** The chip, if machine code has it now. */
  get target(): DebugTarget | undefined {
    return this.#target;
  }

  /** Why it stands; undefined: it runs, or there is none. */
  get stop(): DebugStop | undefined {
    return this.#stop;
  }

  /** Takes the seat: BKPT and faults stop the chip from now on. */
  sit(listener: SeatListener): void {
    this.#listener = listener;
    this.#tell({ type: 'watch', on: true });
  }

  /** Leaves it: whatever is there runs on as if nobody had debugged. */
  leave(): void {
    this.#listener = undefined;
    this.holds = false;
    this.setBreakpoints([]);
    this.#tell({ type: 'watch', on: false });
    this.resume('run');
  }

  attached(target: DebugTarget): DebugStart {
    this.#target = target;
    this.#stop = undefined;
    const watch = this.#listener !== undefined;
    return { halted: this.holds, breakpoints: this.#breakpoints, watch };
  }

  stopped(stop: DebugStop): void {
    this.#stop = stop;
    // Whoever asked for it has left meanwhile.
    if (this.#listener === undefined && !this.holds) this.resume('run');
    this.#settle();
    this.#listener?.stopped(stop);
  }

  gone(): void {
    this.#target = undefined;
    this.#stop = undefined;
    callAll(this.#halting);
  }

  /** What happens to the board around it. */
  told(event: BoardEvent): void {
    if (event.type === 'power' && !event.on) {
      this.#cancelWait?.();
      this.#settle();
      this.#listener?.powerLost();
    }
    if (event.type === 'fault') this.#settle();
    if (event.type !== 'boot') return;
    this.#cancelWait?.();
    const late = event.mode === 'application' ? BEGIN_MS : 0;
    this.#cancelWait = this.#clock.at(this.#clock.now() + late, () => {
      if (this.#target === undefined) this.#settle();
    });
  }

  /** undefined: there is no chip, or it does not answer. */
  async ask(request: DebugRequest): Promise<DebugAnswer | undefined> {
    const target = this.#target;
    if (target === undefined) return undefined;
    return this.#within(ANSWER_MS, target.ask(request));
  }

  /** All that there are from now on, in this chip and those to come. */
  setBreakpoints(addresses: readonly number[]): void {
    this.#breakpoints = addresses;
    this.#tell({ type: 'breakpoints', addresses });
  }

  resume(how: 'run' | 'step'): void {
    if (this.#target === undefined || this.#stop === undefined) return;
    this.#stop = undefined;
    this.#target.resume(how);
  }

  /** Stops it; resolves when it stands, or when nothing is there to be stopped. */
  async halt(): Promise<void> {
    if (this.#target === undefined || this.#stop !== undefined) return;
    const stands = waitIn(this.#halting);
    this.#target.halt();
    await this.#within(ANSWER_MS, stands);
  }

  /** Resolves when a chip stands, or when it is known that none will for now. */
  settled(): Promise<void> {
    return waitIn(this.#waiting);
  }

  #settle(): void {
    callAll(this.#halting);
    callAll(this.#waiting);
  }

  /** Without waiting: what comes behind it is carried out behind it. */
  #tell(request: DebugRequest): void {
    void this.#target?.ask(request).catch(() => undefined);
  }

  #within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.at(this.#clock.now() + ms, () => resolve(undefined));
      const end = (value?: T): void => {
        cancel();
        resolve(value);
      };
      work.then(end, () => end());
    });
  }
}

function waitIn(waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    waiting.add(resolve);
  });
}

function callAll(waiting: Set<() => void>): void {
  const all = [...waiting];
  waiting.clear();
  for (const each of all) each();
}
