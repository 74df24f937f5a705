/** How long a cell is shown as just erased or programmed, in ms. */
const SHOWN_MS = 700;
/** Where nothing shall move, it stays longer and goes at once. */
const SHOWN_STILL_MS = 1500;
const FRESH_MS = 180;

export type Touch = 'erase' | 'program';

/** Cells by what was done to them just now. */
interface TouchedNow {
  readonly erase: readonly number[];
  readonly program: readonly number[];
  readonly fading: readonly number[];
}

/** Which cells were touched a moment ago. At most one entry a cell, however much happens. */
export class TouchedCells {
  readonly #cells = new Map<number, { touch: Touch; atMs: number }>();

  touch(cells: readonly number[], touch: Touch, nowMs: number): void {
    for (const cell of cells) this.#cells.set(cell, { touch, atMs: nowMs });
  }

  clear(): void {
    this.#cells.clear();
  }

  get isEmpty(): boolean {
    return this.#cells.size === 0;
  }

  /** What is to be shown now; forgets what is over. */
  at(nowMs: number, still: boolean): TouchedNow {
    const erase: number[] = [];
    const program: number[] = [];
    const fading: number[] = [];
    for (const [cell, { touch, atMs }] of this.#cells) {
      const age = nowMs - atMs;
      if (age > (still ? SHOWN_STILL_MS : SHOWN_MS)) this.#cells.delete(cell);
      else if (still || age <= FRESH_MS) (touch === 'erase' ? erase : program).push(cell);
      else fading.push(cell);
    }
    return { erase, program, fading };
  }
}
