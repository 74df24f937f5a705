import type { DebugSeat } from './debug-seat.ts';
import { hexWord, numberOfHex, wordOfHex } from './remote-packets.ts';
import { DEBUG_REGISTERS } from './target.ts';

/**
 * A register while no machine code has the processor. The protocol's own word for that is `xxxxxxxx`, and gdb can go on with
 * no target whose pc is that.
 */
const NOTHING = '00000000';

const PC = 15;

/** The packets about registers. */
export class GdbRegisters {
  readonly #seat: DebugSeat;

  constructor(seat: DebugSeat) {
    this.#seat = seat;
  }

  /** `g` */
  async all(): Promise<string> {
    const values = await this.#values();
    return DEBUG_REGISTERS.map((_, n) => wordText(values?.[n])).join('');
  }

  /** `p n` */
  async one(number: string): Promise<string> {
    const n = numberOfHex(number);
    if (n === undefined || n >= DEBUG_REGISTERS.length) return 'E01';
    const values = await this.#values();
    return wordText(values?.[n]);
  }

  /** `G…` */
  async setAll(digits: string): Promise<string> {
    const words = DEBUG_REGISTERS.map((_, n) => digits.slice(n * 8, n * 8 + 8));
    const before = await this.#values();
    if (before === undefined || digits.length !== words.length * 8) return 'E01';
    for (const [n, word] of words.entries()) {
      const value = wordOfHex(word);
      // One that is not to be changed is all `x`; sp and msp are the same one: only what differs is set.
      if (value === undefined || value === before[n]) continue;
      if (!(await this.#set(n, value))) return 'E01';
    }
    return 'OK';
  }

  /** `P n=…` */
  async setOne(text: string): Promise<string> {
    const [, number = '', word = ''] = /^([0-9a-f]+)=([0-9a-f]+)$/i.exec(text) ?? [];
    const [n, value] = [numberOfHex(number), wordOfHex(word)];
    if (n === undefined || n >= DEBUG_REGISTERS.length || value === undefined) return 'E01';
    return (await this.#set(n, value)) ? 'OK' : 'E01';
  }

  async pc(): Promise<number | undefined> {
    return (await this.#values())?.[PC];
  }

  setPc(value: number): Promise<boolean> {
    return this.#set(PC, value);
  }

  async #values(): Promise<readonly number[] | undefined> {
    if (this.#seat.stop === undefined) return undefined;
    const answer = await this.#seat.ask({ type: 'registers' });
    return answer?.type === 'registers' ? answer.values : undefined;
  }

  async #set(register: number, value: number): Promise<boolean> {
    if (this.#seat.stop === undefined) return false;
    const answer = await this.#seat.ask({ type: 'set-register', register, value });
    return answer?.type === 'done';
  }
}

function wordText(value: number | undefined): string {
  return value === undefined ? NOTHING : hexWord(value);
}
