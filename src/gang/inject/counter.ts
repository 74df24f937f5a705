import { DfuError } from '../../bytes/index.ts';

/** Most digits of a counter: more than 64 bits have. */
const MOST_DIGITS = 20;

interface Numbered {
  readonly prefix: string;
  readonly number: bigint;
  readonly digits: string;
}

/** A text that ends in a number; undefined for another. */
function numbered(text: string): Numbered | undefined {
  const [, prefix = '', digits = ''] = /^(.*?)([0-9]+)$/s.exec(text) ?? [];
  if (digits === '' || digits.length > MOST_DIGITS) return undefined;
  return { prefix, digits, number: BigInt(digits) };
}

/** Counts on from a text that ends in a number: `7`, `0007`, `SN-0007`. With zeros in front it keeps its digits. */
export class Counter {
  readonly #prefix: string;
  /** Digits that it keeps; 0: as many as it takes. */
  readonly #width: number;
  #number: bigint;

  /** Throws `INVALID_ARGUMENT`. */
  constructor(start: string) {
    const hex = /^0x[0-9a-f]{1,16}$/i.test(start);
    const found = hex ? { prefix: '', digits: '1', number: BigInt(start) } : numbered(start);
    if (found === undefined) {
      const message = `counter: expected a number, or a text that ends in one, got "${start}"`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    this.#prefix = found.prefix;
    this.#number = found.number;
    this.#width = found.digits.startsWith('0') ? found.digits.length : 0;
  }

  /** What comes next. Throws `OUT_OF_RANGE` where the digits are used up. */
  get text(): string {
    const digits = String(this.#number).padStart(this.#width, '0');
    if (this.#width === 0 || digits.length === this.#width) return this.#prefix + digits;
    throw new DfuError('OUT_OF_RANGE', `the ${this.#width} digits of the counter are used up`);
  }

  /** It has been given. */
  next(): void {
    this.#number += 1n;
  }

  /** That one has been given by somebody: it goes on behind it. */
  pass(text: string): void {
    const found = numbered(text);
    if (found === undefined || found.prefix !== this.#prefix) return;
    if (found.number >= this.#number) this.#number = found.number + 1n;
  }
}
