import type { MemoryStorage } from '../flash/index.ts';
import { stateKey } from './traced-flash.ts';
import type { FlashState } from './traced-flash.ts';

/** Names of contents of flash: equal contents have one name, and different ones never the same. */
export class StateNames {
  /** All contents that were named, by their sum. */
  readonly #known = new Map<string, MemoryStorage[]>();

  /** The name of what a state holds. */
  nameOf(state: FlashState): string {
    const sum = stateKey(state);
    const alike = this.#known.get(sum);
    if (alike === undefined) {
      this.#known.set(sum, [state.storage]);
      return sum;
    }
    const found = alike.findIndex((storage) => state.storage.holdsSame(storage));
    const index = found < 0 ? alike.push(state.storage) - 1 : found;
    return index === 0 ? sum : `${sum}-${index}`;
  }
}
