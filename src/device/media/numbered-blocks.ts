import { failed } from './medium.ts';
import type { BlockCallbacks, Medium, MediumResult, Withheld } from './medium.ts';

/** The numbers of the blocks of a plain medium, for profiles that leave them to the medium. */
class CountedBlocks implements BlockCallbacks {
  readonly #medium: Medium;
  #block = 0;
  #offsetBytes = 0;
  /** A download has begun and has not ended. */
  #open = false;

  constructor(medium: Medium) {
    this.#medium = medium;
  }

  write(wBlockNum: number, bytes: Uint8Array): MediumResult {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    if (wBlockNum === 0 && this.#open) {
      this.#open = false;
      this.#medium.abort();
    }
    if (!this.#open) {
      const begun = this.#medium.begin();
      if (begun.status !== 'OK') return begun;
      this.#open = true;
    }
    if (bytes.length === 0) {
      this.#open = false;
      return this.#medium.finish(this.#offsetBytes);
    }
    const result = this.#medium.write(this.#offsetBytes, bytes);
    if (result.status === 'OK') this.#offsetBytes += bytes.length;
    else this.#open = false;
    return result;
  }

  read(wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    const read = this.#medium.read(this.#offsetBytes, lengthBytes);
    if (read instanceof Uint8Array) this.#offsetBytes += Math.min(read.length, lengthBytes);
    return read;
  }

  /** Zero starts from the beginning at any time; any other number must follow the last one. */
  #count(wBlockNum: number): MediumResult | undefined {
    const wrong = outOfOrder(wBlockNum, this.#block);
    if (wrong !== undefined) return wrong;
    if (wBlockNum === 0) this.#offsetBytes = 0;
    this.#block = wBlockNum;
    return undefined;
  }
}

/** The refusal of a number that is neither 0 nor the one after `last`; undefined: it is in order. */
export function outOfOrder(wBlockNum: number, last: number): MediumResult | undefined {
  if (wBlockNum === 0 || wBlockNum === last + 1) return undefined;
  return failed('errUNKNOWN', `expected block 0 or ${last + 1}, got ${wBlockNum}`);
}

/** The media of one function, by the number of the block. */
export class NumberedBlocks {
  readonly #of = new Map<Medium, BlockCallbacks>();

  of(medium: Medium): BlockCallbacks {
    const known = medium.blocks ?? this.#of.get(medium);
    if (known !== undefined) return known;
    const counted = new CountedBlocks(medium);
    this.#of.set(medium, counted);
    return counted;
  }
}

/** Whether a read came to nothing because its bytes are not for the host. */
export function isWithheld(read: object): read is Withheld {
  return 'withheld' in read;
}
