/** How far behind the wall's time a chip may be before it is given up to catch up, in ns. */
const MOST_BEHIND_NS = 5e6;
const NS_PER_MS = 1e6;

/** A chip's time beside that of the world around it. */
export class Pace {
  #wallMs: number;
  #chipNs = 0;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  /** Time of the chip at that time of the world. */
  chipNs(wallMs: number): number {
    return this.#chipNs + (wallMs - this.#wallMs) * NS_PER_MS;
  }

  /** Time of the world at which the chip's is that. */
  wallMs(chipNs: number): number {
    return this.#wallMs + (chipNs - this.#chipNs) / NS_PER_MS;
  }

  /** From now on the chip's time goes on from there. */
  anchor(wallMs: number, chipNs: number): void {
    this.#wallMs = wallMs;
    this.#chipNs = chipNs;
  }

  /** The chip is there now: what it is behind by more than a little it need not catch up. */
  reached(wallMs: number, chipNs: number): void {
    if (this.chipNs(wallMs) - chipNs > MOST_BEHIND_NS) this.anchor(wallMs, chipNs);
  }
}
