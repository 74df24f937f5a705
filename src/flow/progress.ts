import type { HostEvent } from '../host/index.ts';
import type { Clock } from '../usb/index.ts';
import type { FlowPhase, FlowProgress } from './flow-state.ts';
import { said } from './flow-text.ts';

/** Over how long a rate is smoothed, in ms. */
const SMOOTH_MS = 2000;
/** Time before which a rate says nothing, in ms. */
const FIRST_MS = 250;

/** What begins a phase. */
const phases: Readonly<Partial<Record<HostEvent['type'], FlowPhase>>> = {
  detaching: 'detach',
  permission: 'permission',
  returned: 'detach',
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

  /** True if that event has changed it. */
  hear(event: HostEvent): boolean {
    if (event.type === 'progress') {
      return event.operation === 'upload' ? false : this.#moved(event.operation, event);
    }
    // What comes behind the permission says how much it is.
    if (event.type === 'returned' && this.#progress.phase !== 'permission') return false;
    const phase = phases[event.type];
    return phase === undefined ? false : this.#enter(phase);
  }

  #enter(phase: FlowPhase, totalBytes?: number): boolean {
    if (this.#progress.phase === phase) return false;
    this.#progress = begun(phase, totalBytes);
    this.#startMs = this.#clock.now();
    this.#lastMs = this.#startMs;
    this.#rate = undefined;
    return true;
  }

  #moved(
    phase: 'download' | 'erase' | 'verify',
    {
      doneBytes,
      totalBytes,
    }: { readonly doneBytes: number; readonly totalBytes: number | undefined },
  ): boolean {
    const isBehind = doneBytes < this.#progress.doneBytes;
    if (!this.#enter(phase, totalBytes) && isBehind) this.#again(phase, totalBytes);
    const nowMs = this.#clock.now();
    const bytes = doneBytes - this.#progress.doneBytes;
    const ms = nowMs - this.#lastMs;
    if (ms > 0 && bytes > 0) {
      const rate = (bytes * 1000) / ms;
      const weight = 1 - Math.exp(-ms / SMOOTH_MS);
      this.#rate = this.#rate === undefined ? rate : this.#rate + weight * (rate - this.#rate);
      this.#lastMs = nowMs;
    }
    const isKnown = this.#rate !== undefined && nowMs - this.#startMs >= FIRST_MS;
    const bytesPerSecond = isKnown ? this.#rate : undefined;
    const left = totalBytes === undefined ? undefined : Math.max(0, totalBytes - doneBytes);
    const remainingMs =
      left === undefined || bytesPerSecond === undefined || bytesPerSecond <= 0
        ? undefined
        : (left * 1000) / bytesPerSecond;
    this.#progress = { phase, doneBytes, totalBytes, bytesPerSecond, remainingMs, why: undefined };
    return true;
  }

  /** The same once more: another alternate setting, say. */
  #again(phase: FlowPhase, totalBytes: number | undefined): void {
    this.#progress = begun(phase, totalBytes);
    this.#startMs = this.#clock.now();
    this.#lastMs = this.#startMs;
  }
}
