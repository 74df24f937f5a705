import { DfuError } from '../../bytes/index.ts';
import type { EngineOrder } from '../index.ts';
import type { MachineTime } from './chip-time.ts';

/** What a chip's thread is started with. */
export interface MachineStart {
  /** The chip's name. */
  readonly chip: string;
  readonly order: Omit<EngineOrder, 'model' | 'flash'>;
  /** What the chip reads as its flash. */
  readonly flash: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer;
  readonly time: MachineTime;
}

/** Words at the start of the shared memory. */
const CALLS = 0;
const STATE = 1;
const KIND = 2;
const OFFSET = 3;
const LENGTH = 4;
const READ = 5;
const STOPPED = 6;
const WORDS = 8;

/** What STATE may be. */
const DONE = 0;
const ASKED = 1;
const REFUSED = 2;
/** The board has let go of the chip: what it asked for is not done. */
const LEFT = 3;

const PROGRAM = 0;
const ERASE = 1;

/** Bytes that are programmed with one call, at most. */
const ROOM = 4096;
/** How long the console is waited for, in ms. */
const READ_MS = 1;

/** What a chip is ended with in the middle of what it does. */
class ChipStopped extends Error {
  override readonly name = 'ChipStopped';
}

/** Memory that a chip's thread and its board have in common: calls of the flash, and a word to wait on. */
export class MachineControl {
  readonly #words: Int32Array;
  readonly #room: Uint8Array;
  #sentBytes = 0;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared, 0, WORDS);
    this.#room = new Uint8Array(shared, WORDS * 4, ROOM);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * 4 + ROOM);
  }

  // In the chip's thread.

  /** How often it was called; to be looked at before what was said is. */
  get calls(): number {
    return Atomics.load(this.#words, CALLS);
  }

  /** The board wants nothing of this chip any more: it is to be left at once. */
  get isStopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  /** Sleeps until it is called, at most so many ms; not at all if that was so since `calls` was looked at. */
  sleep(calls: number, ms: number): void {
    Atomics.wait(this.#words, CALLS, calls, ms);
  }

  /** Bytes are sent to the console; with more than `most` that nobody has read it waits. Throws when it is stopped there. */
  sent(bytes: number, most: number): void {
    this.#sentBytes = (this.#sentBytes + bytes) | 0;
    for (;;) {
      const read = Atomics.load(this.#words, READ);
      if (((this.#sentBytes - read) | 0) <= most) return;
      if (this.isStopped) throw new ChipStopped();
      Atomics.wait(this.#words, READ, read, READ_MS);
    }
  }

  program(offsetBytes: number, data: Uint8Array, ask: () => void): void {
    for (let at = 0; at < data.length; at += ROOM) {
      const part = data.subarray(at, at + ROOM);
      this.#room.set(part);
      this.#call([PROGRAM, offsetBytes + at, part.length], ask);
    }
  }

  erase(offsetBytes: number, lengthBytes: number, ask: () => void): void {
    this.#call([ERASE, offsetBytes, lengthBytes], ask);
  }

  /** Comes back when the board has carried it out; throws when it is stopped in it, as when the power goes. */
  #call([kind, offset, length]: readonly [number, number, number], ask: () => void): void {
    const words = this.#words;
    words[KIND] = kind;
    words[OFFSET] = offset;
    words[LENGTH] = length;
    Atomics.store(words, STATE, ASKED);
    ask();
    while (Atomics.load(words, STATE) === ASKED) {
      if (this.isStopped) throw new ChipStopped();
      Atomics.wait(words, STATE, ASKED);
    }
    if (this.isStopped) throw new ChipStopped();
    if (Atomics.load(words, STATE) === REFUSED) {
      throw new DfuError('FLASH_RULE', 'flash: the board refuses what the chip does to it');
    }
  }

  // On the board.

  /** Something was said to the chip. */
  call(): void {
    Atomics.add(this.#words, CALLS, 1);
    Atomics.notify(this.#words, CALLS);
  }

  /** The chip is to be left, wherever it is. */
  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
    this.#settle(LEFT);
    Atomics.notify(this.#words, READ);
    this.call();
  }

  /** So much of the console was read. */
  read(bytes: number): void {
    Atomics.add(this.#words, READ, bytes);
    Atomics.notify(this.#words, READ);
  }

  /** Carries out what the chip asks for. Throws what the flash throws; the chip waits on if the power is lost, until it is stopped. */
  answer(flash: {
    readonly program: (offsetBytes: number, bytes: Uint8Array) => void;
    readonly erase: (offsetBytes: number, lengthBytes: number) => void;
  }): void {
    const words = this.#words;
    if (Atomics.load(words, STATE) !== ASKED) return;
    const [offset = 0, length = 0] = [words[OFFSET], words[LENGTH]];
    try {
      if (words[KIND] === ERASE) flash.erase(offset, length);
      else flash.program(offset, this.#room.slice(0, length));
    } catch (error) {
      if (DfuError.is(error, 'POWER_LOST')) return;
      this.#settle(REFUSED);
      throw error;
    }
    this.#settle(DONE);
  }

  #settle(state: number): void {
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
  }
}
