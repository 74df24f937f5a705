import { DfuError } from '../../bytes/index.ts';
import type { DebugSeat } from './debug-seat.ts';
import { FlashLoad } from './flash-load.ts';
import type { LoadFlash } from './flash-load.ts';
import type { GdbBoard } from './gdb-board.ts';
import { placeOf } from './gdb-memory.ts';
import { numberOfHex, payloadBytes } from './remote-packets.ts';

/** The packets by which `load` programs flash. */
export class GdbLoad {
  readonly #seat: DebugSeat;
  readonly #board: GdbBoard;
  readonly #load: FlashLoad;

  constructor(seat: DebugSeat, board: GdbBoard) {
    this.#seat = seat;
    this.#board = board;
    this.#load = new FlashLoad(board.geometry, board.flashBytes);
  }

  /** `vFlashErase:addr,length` */
  erase(text: string): Promise<string> {
    const place = placeOf(text);
    if (place === undefined) return Promise.resolve('E01');
    const offset = place.address - this.#board.flashAddress;
    return this.#flash((flash) => flash.eraseFlash(offset, place.lengthBytes));
  }

  /** `vFlashWrite:addr:bytes` */
  write(text: string): Promise<string> {
    const [, digits = '', data] = /^([0-9a-f]+):(.*)$/is.exec(text) ?? [];
    const address = numberOfHex(digits);
    if (address === undefined || data === undefined) return Promise.resolve('E01');
    const offset = address - this.#board.flashAddress;
    return this.#flash(() => this.#load.add(offset, payloadBytes(data)));
  }

  /** `vFlashDone` */
  done(): Promise<string> {
    return this.#flash((flash) => this.#load.program(flash));
  }

  async #flash(work: (flash: LoadFlash) => Promise<void> | void): Promise<string> {
    if (!this.#board.isOn) return 'E01';
    try {
      await work(this.#seat.target ?? this.#board.flash);
      return 'OK';
    } catch (error) {
      if (DfuError.is(error)) return 'E01';
      throw error;
    }
  }
}
