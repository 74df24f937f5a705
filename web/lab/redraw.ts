/** Least time between two drawings while things go on happening, in ms: more often nobody sees what has changed. */
const APART_MS = 80;

/** What draws is called by: a page has it. */
interface RedrawHost {
  readonly performance: { now(): number };
  requestAnimationFrame(run: () => void): number;
  cancelAnimationFrame(frame: number): void;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: never): void;
}

/** Draws at the browser's next picture, however often it is asked for, and some twelve times a second while it is asked for again and again. */
export class Redraw {
  readonly #draw: () => void;
  readonly #host: RedrawHost;
  #frame: number | undefined;
  #timer: unknown;
  #drawnMs = -Infinity;

  constructor(draw: () => void, host: RedrawHost = globalThis) {
    this.#draw = draw;
    this.#host = host;
  }

  /** Something has happened. */
  soon(): void {
    if (this.#frame !== undefined || this.#timer !== undefined) return;
    const waitMs = this.#drawnMs + APART_MS - this.#host.performance.now();
    if (waitMs <= 0) this.now();
    else this.#timer = this.#host.setTimeout(() => this.now(), waitMs);
  }

  /** A person has done something: at the next picture. */
  now(): void {
    this.#stopTimer();
    this.#frame ??= this.#host.requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#drawnMs = this.#host.performance.now();
      this.#draw();
    });
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#stopTimer();
    if (this.#frame !== undefined) this.#host.cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#host.clearTimeout(this.#timer as never);
    this.#timer = undefined;
  }
}
