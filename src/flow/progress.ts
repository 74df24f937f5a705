import type { HostEvent } from '../host/index.ts';
import type { Clock } from '../usb/index.ts';
import type { FlowPhase, FlowProgress } from './flow-state.ts';
import { said } from './flow-text.ts';

/** Over how long a rate is smoothed, in ms. */
const SMOOTH_MS = 2000;
/** Time before which a rate says nothing, in ms. */
const FIRST_MS = 250;
/** How often progress is told at most, in ms. */
const TELL_MS = 100;

/** What begins a phase. */
const phases: Readonly<Partial<Record<HostEvent['type'], FlowPhase>>> = {
  detaching: 'detach',
  permission: 'permission',
  returned: 'prepare',
  manifesting: 'manifest',
  downloaded: 'application',
};

/** A phase as it begins. */
function begun(phase: FlowPhase, totalBytes?: number): FlowProgress {
  return {
    phase,
    doneBytes: 0,
    totalBytes,
    bytesPerSecond: undefined,
    remainingMs: undefined,
    why: phase === 'permission' ? said('allow-again') : undefined,
  };
}

/** How far the work has come, by what the host tells. */
export class ProgressMeter {
  readonly #clock: Clock;
  #progress: FlowProgress;
  #startMs: number;
  #lastMs: number;
  #lastBytes = 0;
  #toldMs = 0;
  #rate: number | undefined;

  constructor(clock: Clock, phase: FlowPhase) {
    this.#clock = clock;
    this.#progress = begun(phase);
    this.#startMs = clock.now();
    this.#lastMs = this.#startMs;
  }

  get progress(): FlowProgress {
    return this.#progress;
  }

  /** True if that event has changed it so that it is worth telling: a phase, its end, or a while since the last time. */
  hear(event: HostEvent): boolean {
    if (event.type === 'progress') {
      return event.operation === 'upload' ? false : this.#moved(event.operation, event);
    }
    const phase = phases[event.type];
    return phase === undefined ? false : this.#enter(phase);
  }

  #enter(phase: FlowPhase, totalBytes?: number): boolean {
    if (this.#progress.phase === phase) return false;
    this.#begin(phase, totalBytes);
    return true;
  }

  #begin(phase: FlowPhase, totalBytes: number | undefined): void {
    this.#progress = begun(phase, totalBytes);
    this.#startMs = this.#clock.now();
    this.#lastMs = this.#startMs;
    this.#lastBytes = 0;
    this.#rate = undefined;
  }

  #moved(
    phase: 'download' | 'erase' | 'verify',
    {
      doneBytes,
      totalBytes,
    }: { readonly doneBytes: number; readonly totalBytes: number | undefined },
  ): boolean {
    // Behind where it was, it is the same once more: another alternate setting, say.
    const isNew = phase !== this.#progress.phase || doneBytes < this.#progress.doneBytes;
    if (isNew) this.#begin(phase, totalBytes);
    const nowMs = this.#clock.now();
    this.#measure(doneBytes, nowMs);
    const bytesPerSecond = nowMs - this.#startMs >= FIRST_MS ? this.#rate : undefined;
    const left = totalBytes === undefined ? undefined : Math.max(0, totalBytes - doneBytes);
    const isKnown = left !== undefined && bytesPerSecond !== undefined;
    const remainingMs = isKnown ? (left * 1000) / bytesPerSecond : undefined;
    this.#progress = { phase, doneBytes, totalBytes, bytesPerSecond, remainingMs, why: undefined };
    if (!isNew && doneBytes !== totalBytes && nowMs - this.#toldMs < TELL_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }

  /** The rate since the last time, and before that less and less. */
  #measure(doneBytes: number, nowMs: number): void {
    const bytes = doneBytes - this.#lastBytes;
    const ms = nowMs - this.#lastMs;
    if (ms <= 0 || bytes <= 0) return;
    const rate = (bytes * 1000) / ms;
    const weight = 1 - Math.exp(-ms / SMOOTH_MS);
    this.#rate = this.#rate === undefined ? rate : this.#rate + weight * (rate - this.#rate);
    this.#lastMs = nowMs;
    this.#lastBytes = doneBytes;
  }
}
