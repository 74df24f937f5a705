import { DfuError } from 'dfukit';
import type { Explanation } from '../../boards/explanation.ts';

/** Between two explanations while flash is written, in ms. */
const APART_MS = 150;

/** Asks what flash holds after it has changed: once for many changes, and never while it is being asked. */
export class ExplainSoon {
  readonly #ask: () => Promise<Explanation>;
  readonly #show: (explanation: Explanation) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #again = false;
  #closed = false;

  constructor(ask: () => Promise<Explanation>, show: (explanation: Explanation) => void) {
    this.#ask = ask;
    this.#show = show;
  }

  changed(): void {
    if (this.#closed || this.#timer !== undefined) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, APART_MS);
  }

  /** Where the board has gone, what was known of its flash stays. Rejects with what else goes wrong, and is asked again. */
  async now(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      const explanation = await this.#ask();
      if (!this.#closed) this.#show(explanation);
    } catch (error) {
      if (!DfuError.is(error, 'DISCONNECTED')) throw error;
      this.#closed = true;
    } finally {
      this.#asking = false;
      if (this.#again) {
        this.#again = false;
        this.changed();
      }
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
