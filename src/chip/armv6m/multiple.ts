import { load, store } from './access.ts';
import type { CoreState } from './state.ts';

function countBits(list: number): number {
  let count = 0;
  for (let bits = list; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Loads the registers of a list, the lowest first. A fault leaves them all as they were. */
function loadAll(s: CoreState, list: number, from: number): void {
  const { R, ram } = s;
  const at = (from - ram.start) | 0;
  if ((at & 3) === 0 && at >= 0 && at + 32 <= ram.length) {
    let k = at >>> 2;
    for (let n = 0, bits = list & 0xff; bits !== 0; n++, bits >>>= 1) {
      if ((bits & 1) !== 0) R[n] = ram.u32[k++] as number;
    }
    return;
  }
  const words: number[] = [];
  for (let bits = list & 0xff; bits !== 0; bits &= bits - 1)
    words.push(load(s, from + 4 * words.length, 4));
  let k = 0;
  for (let n = 0, bits = list & 0xff; bits !== 0; n++, bits >>>= 1) {
    if ((bits & 1) !== 0) R[n] = words[k++] as number;
  }
}

function storeAll(s: CoreState, list: number, from: number): void {
  const { R, ram } = s;
  let address = from;
  for (let n = 0, bits = list & 0x40ff; bits !== 0; n++, bits >>>= 1) {
    if ((bits & 1) === 0) continue;
    const at = (address - ram.start) | 0;
    if ((at & 3) === 0 && at >>> 0 < ram.length && ram.decoded[at >>> 8] === 0)
      ram.u32[at >>> 2] = R[n] as number;
    else store(s, address, 4, R[n] as number);
    address += 4;
  }
}

/** PUSH (A6.7.50): bit 14 of the list is lr. How many words. */
export function push(s: CoreState, list: number): number {
  const count = countBits(list);
  const from = (s.R[13] as number) - 4 * count;
  storeAll(s, list, from);
  s.R[13] = from;
  return count;
}

/** POP (A6.7.49): bit 15 of the list is pc, whose value goes to `target`. */
export function pop(s: CoreState, list: number): number {
  const count = countBits(list);
  const from = s.R[13] as number;
  // The word for pc first: a fault there must not have changed a register.
  if ((list & 0x8000) !== 0) s.target = load(s, from + 4 * count - 4, 4);
  loadAll(s, list, from);
  s.R[13] = from + 4 * count;
  return count;
}

/** STM, always with write-back (A6.7.58). A base that is not the lowest of the list is stored as it was. */
export function storeMultiple(s: CoreState, n: number, list: number): number {
  const count = countBits(list);
  const from = s.R[n] as number;
  storeAll(s, list, from);
  s.R[n] = from + 4 * count;
  return count;
}

/** LDM (A6.7.25): the base is written back if it is not in the list. */
export function loadMultiple(s: CoreState, n: number, list: number): number {
  const count = countBits(list);
  const from = s.R[n] as number;
  loadAll(s, list, from);
  if (((list >>> n) & 1) === 0) s.R[n] = from + 4 * count;
  return count;
}
