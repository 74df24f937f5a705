import type { Clock } from '../../usb/index.ts';
import type { BoardEvent } from '../seams/board-event.ts';
import { DebugSeat } from './debug-seat.ts';
import type { GdbBoard } from './gdb-board.ts';
import { GdbSession } from './gdb-session.ts';
import type { GdbLine } from './gdb-session.ts';
import type { MachineDebugger } from './target.ts';

/** How a {@link GdbStub} is set up. */
interface GdbStubOptions {
  readonly clock: Clock;
  /** The first chip waits, before its first instruction, for a debugger to let it run. */
  readonly holds?: boolean | undefined;
}

/**
 * GDB's remote serial protocol for a board with machine code, whatever carries its bytes: one debugger at a time. While one
 * is connected and has not let it run, the chip stands; when it goes, the chip runs on.
 */
export class GdbStub {
  readonly #seat: DebugSeat;
  #session: GdbSession | undefined;

  constructor({ clock, holds = false }: GdbStubOptions) {
    this.#seat = new DebugSeat(clock, { holds });
  }

  /** For the runner of machine code. */
  get machineDebugger(): MachineDebugger {
    return this.#seat;
  }

  /** What happens to the board: to be called with each of its events. */
  told(event: BoardEvent): void {
    this.#seat.told(event);
  }

  /** A debugger has come; undefined if there is one already. */
  connect(board: GdbBoard, line: GdbLine): GdbSession | undefined {
    if (this.#session !== undefined) return undefined;
    const ended = (): void => {
      this.#session = undefined;
    };
    this.#session = new GdbSession(line, { seat: this.#seat, board, ended });
    return this.#session;
  }
}
