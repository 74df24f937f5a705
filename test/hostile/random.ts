/** Numbers that look random and are the same for the same seed: what an attack did can be done again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** A whole number from 0 to 2³² − 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** A whole number from 0 to one less than that. */
  below(count: number): number {
    return Math.floor((this.next() / 0x100000000) * count);
  }

  /** Whether it is so, once in that many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of them. Throws if there is none. */
  pick<T>(all: readonly T[]): T {
    const one = all[this.below(all.length)];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.next() & 0xff);
  }
}
